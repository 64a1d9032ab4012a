package dev.aviary.notifier.channel;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.aviary.eventlog.codec.Json;
import jakarta.enterprise.context.ApplicationScoped;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ProxySelector;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/// Sends JSON, and says what came of it in words that hold no address: those are secrets.
@ApplicationScoped
public class Poster {
    public static final Duration TIMEOUT = Duration.ofSeconds(5);
    private static final int WORDS = 200;

    private final Map<String, HttpClient> clients = new ConcurrentHashMap<>();

    public Outcome post(Receiver receiver, Map<String, String> headers, Object body) {
        try {
            var request = HttpRequest.newBuilder(URI.create(receiver.address()))
                    .timeout(TIMEOUT)
                    .header("Content-Type", "application/json")
                    .POST(HttpRequest.BodyPublishers.ofString(Json.mapper().writeValueAsString(body), UTF_8));
            headers.forEach(request::setHeader);
            var answer = client(receiver.proxy()).send(request.build(), HttpResponse.BodyHandlers.ofString(UTF_8));
            return judged(answer.statusCode(), answer.body());
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("an alert must be JSON", e);
        } catch (IllegalArgumentException e) {
            return new Outcome.Away("its address, or its proxy's, is not a URL with scheme and host");
        } catch (IOException e) {
            return new Outcome.Away(words(e));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return new Outcome.Away("the notifier is stopping");
        }
    }

    /// @param status a 4xx won't become better by being asked again, except 408 and 429
    static Outcome judged(int status, String body) {
        if (status >= 200 && status < 300) {
            return new Outcome.Accepted();
        }
        var why = "it answered %d%s"
                .formatted(
                        status,
                        body.isBlank()
                                ? ""
                                : ": "
                                        + body.strip()
                                                .substring(
                                                        0,
                                                        Math.min(
                                                                WORDS,
                                                                body.strip().length())));
        return status >= 400 && status < 500 && status != 408 && status != 429
                ? new Outcome.Refused(why)
                : new Outcome.Away(why);
    }

    /// The exception's own text may hold the address.
    static String words(IOException failed) {
        return switch (failed) {
            case java.net.http.HttpTimeoutException _ -> "no answer in time";
            case java.net.ConnectException _ -> "no connection";
            case java.net.UnknownHostException _ -> "its host is unknown";
            case javax.net.ssl.SSLException tls -> "TLS: " + tls.getClass().getSimpleName();
            case IOException other ->
                "the connection broke: " + other.getClass().getSimpleName();
        };
    }

    private HttpClient client(Optional<String> proxy) {
        return clients.computeIfAbsent(proxy.orElse(""), Poster::built);
    }

    private static HttpClient built(String proxy) {
        var client = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .connectTimeout(TIMEOUT)
                .followRedirects(HttpClient.Redirect.NORMAL);
        if (!proxy.isEmpty()) {
            var address = URI.create(proxy);
            @Nullable String host = address.getHost();
            if (host == null) {
                throw new IllegalArgumentException("a proxy is a URL with a host");
            }
            client.proxy(ProxySelector.of(new InetSocketAddress(host, address.getPort() < 0 ? 80 : address.getPort())));
        }
        return client.build();
    }
}
