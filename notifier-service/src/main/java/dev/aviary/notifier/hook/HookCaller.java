package dev.aviary.notifier.hook;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.aviary.eventlog.codec.Json;
import dev.aviary.events.CanaryKey;
import dev.aviary.flagger.Canary;
import dev.aviary.flagger.CanaryAnalysis;
import dev.aviary.notifier.NotifierConfig;
import dev.aviary.notifier.alert.Addressing;
import dev.aviary.notifier.alert.Canaries;
import dev.aviary.notifier.alert.Delivery;
import dev.aviary.notifier.alert.Message;
import dev.aviary.notifier.channel.Outcome;
import jakarta.enterprise.context.ApplicationScoped;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/// Calls the webhooks `event` and `post-rollout`: nobody waits for their answer, so the notifier does it, beside all
/// others.
@ApplicationScoped
public class HookCaller {
    private static final Duration USUAL = Duration.ofSeconds(10);
    /// A delivery that takes longer would hold up its receiver's queue.
    private static final Duration LONGEST = Duration.ofSeconds(30);

    private static final Pattern DURATION = Pattern.compile("(\\d+)(ms|h|m|s)");

    private final Canaries canaries;
    private final NotifierConfig config;
    private final HttpClient secure = client().build();
    private final HttpClient trusting = client().sslContext(TrustAll.context()).build();

    public HookCaller(Canaries canaries, NotifierConfig config) {
        this.canaries = canaries;
        this.config = config;
    }

    /// As the live Canary has it.
    ///
    /// @param retries after the first try
    private record Target(
            String url,
            Duration timeout,
            int retries,
            boolean insecure,
            Map<String, String> metadata,
            boolean strict) {}

    public Outcome call(Delivery delivery, Message.ToHook hook) {
        return target(delivery.canary(), hook)
                .map(target -> limited(delivery, target, called(delivery, hook, target)))
                .orElseGet(() -> new Outcome.Refused("the Canary has no webhook of this name any more"));
    }

    /// Flagger's count of tries is the team's; a hook isn't asked for a day.
    private static Outcome limited(Delivery delivery, Target target, Outcome outcome) {
        return outcome instanceof Outcome.Away(var why) && delivery.tries() >= target.retries()
                ? new Outcome.Refused(why)
                : outcome;
    }

    private Optional<Target> target(CanaryKey key, Message.ToHook hook) {
        if (hook.owner().equals(Addressing.SETTINGS)) {
            return config.eventWebhook().map(url -> new Target(url, USUAL, 0, false, Map.of(), false));
        }
        var canary = canaries.find(key);
        boolean strict = hook.strict().orElse(false);
        var type = hook.event() ? "event" : "post-rollout";
        return canary.map(Canary::getSpec).flatMap(spec -> Optional.ofNullable(spec.analysis())).stream()
                .flatMap(analysis -> analysis.webhooks().stream())
                .filter(live -> hook.hook().equals(live.name()) && type.equals(live.type()))
                .findFirst()
                .flatMap(live -> Optional.ofNullable(live.url()).map(url -> target(live, url, strict)));
    }

    private static Target target(CanaryAnalysis.Webhook live, String url, boolean strict) {
        return new Target(
                url,
                timeout(Optional.ofNullable(live.timeout())),
                Optional.ofNullable(live.retries()).map(Number::intValue).orElse(0),
                Boolean.TRUE.equals(live.disableTLS()),
                live.metadata(),
                strict);
    }

    private Outcome called(Delivery delivery, Message.ToHook hook, Target target) {
        try {
            var request = HttpRequest.newBuilder(URI.create(target.url()))
                    .timeout(target.timeout())
                    .header("Content-Type", "application/json")
                    .POST(HttpRequest.BodyPublishers.ofString(
                            Json.mapper().writeValueAsString(HookPayload.of(delivery, hook, target.metadata())), UTF_8))
                    .build();
            var answer = (target.insecure() ? trusting : secure).send(request, HttpResponse.BodyHandlers.discarding());
            return judged(answer.statusCode(), target.strict());
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a hook's payload must be JSON", e);
        } catch (IllegalArgumentException e) {
            return new Outcome.Refused("its url is not a URL with scheme and host");
        } catch (IOException e) {
            return new Outcome.Away("no answer: " + e.getClass().getSimpleName());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return new Outcome.Away("the notifier is stopping");
        }
    }

    /// @param strict Flagger takes 203 to 299 for failures
    private static Outcome judged(int status, boolean strict) {
        if (status >= 200 && status <= (strict ? 202 : 299)) {
            return new Outcome.Accepted();
        }
        var why = "it answered " + status;
        boolean again = status == 429 || (status >= 500 && status != 501);
        return again ? new Outcome.Away(why) : new Outcome.Refused(why);
    }

    private static Duration timeout(Optional<String> text) {
        return text.map(DURATION::matcher)
                .map(found -> {
                    var sum = Duration.ZERO;
                    while (found.find()) {
                        sum = sum.plus(unit(found.group(2)).multipliedBy(Long.parseLong(found.group(1))));
                    }
                    return sum;
                })
                .filter(wanted -> !wanted.isZero())
                .map(wanted -> wanted.compareTo(LONGEST) < 0 ? wanted : LONGEST)
                .orElse(USUAL);
    }

    private static Duration unit(String letter) {
        return switch (letter) {
            case "h" -> Duration.ofHours(1);
            case "m" -> Duration.ofMinutes(1);
            case "ms" -> Duration.ofMillis(1);
            default -> Duration.ofSeconds(1);
        };
    }

    private static HttpClient.Builder client() {
        return HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .connectTimeout(USUAL)
                .followRedirects(HttpClient.Redirect.NORMAL);
    }
}
