package dev.aviary.analyzer.gate;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.aviary.analyzer.FakeLive;
import dev.aviary.analyzer.HttpStub;
import dev.aviary.analyzer.Samples;
import dev.aviary.events.HookKind;
import dev.aviary.events.HookSpec;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// What every webhook must do, whichever kind it is: be called as Flagger calls it.
///
/// @see <a href="https://docs.flagger.app/usage/webhooks">Flagger: webhooks</a>
abstract class HookContract {
    protected final HttpStub receiver = new HttpStub();
    protected final List<Duration> pauses = new ArrayList<>();
    protected final FakeLive live = new FakeLive();
    private final Hooks hooks = new Hooks(live, new HookCaller(pauses::add));

    protected abstract HookKind kind();

    /// That is sent while the Canary is in phase `WaitingPromotion`.
    protected abstract String phase();

    protected HookAnswer call(int retries, boolean strict) {
        return call(List.of(spec("ask", Duration.ofSeconds(5), retries)), strict);
    }

    protected HookAnswer call(List<HookSpec> specs, boolean strict) {
        return hooks.ask(Samples.CHECKOUT, Samples.ROLLOUT, specs, strict).answer();
    }

    protected HookSpec spec(String name, Duration timeout, int retries) {
        return new HookSpec(name, kind(), timeout, retries, false);
    }

    protected void inTheCanary(String url) {
        live.withCanary("""
                metadata: {name: checkout, namespace: shop}
                spec:
                  analysis:
                    webhooks:
                      - {name: ask, type: event, url: "http://127.0.0.1:1"}
                      - {name: ask, type: %s, url: "%s", metadata: {type: bash, cmd: "curl -s x"}}
                      - {name: other, type: %s, url: "%s/other"}
                status: {phase: WaitingPromotion}
                """.formatted(kind().word(), url, kind().word(), url));
    }

    @Test
    void thePayloadIsFlaggers() throws IOException {
        inTheCanary(receiver.answers(200, "").url());

        assertThat(call(0, false).isYes()).isTrue();
        assertThat(receiver.asked()).singleElement().satisfies(asked -> {
            assertThat(asked.method()).isEqualTo("POST");
            assertThat(asked.headers()).containsEntry("Content-type", List.of("application/json"));
        });
        var sent = new ObjectMapper()
                .readValue(receiver.asked().getFirst().body(), new TypeReference<Map<String, Object>>() {});
        assertThat(sent).containsOnlyKeys("name", "namespace", "phase", "checksum", "metadata");
        assertThat(sent)
                .containsEntry("name", "checkout")
                .containsEntry("namespace", "shop")
                .containsEntry("phase", phase())
                .containsEntry("metadata", Map.of("type", "bash", "cmd", "curl -s x"));
        assertThat((String) sent.get("checksum")).matches("[0-9a-f]{10}");
    }

    @Test
    void withoutMetadataThereIsNoSuchField() {
        inTheCanary(receiver.answers(200, "").url());
        call(List.of(spec("other", Duration.ofSeconds(5), 0)), false);

        assertThat(receiver.asked())
                .singleElement()
                .satisfies(asked -> assertThat(asked.body()).doesNotContain("metadata"));
    }

    @Test
    void anySuccessIsAYesButStrictKnowsOnlyThree() {
        inTheCanary(receiver.answers(204, "").url());

        assertThat(call(0, false).isYes()).isTrue();
        assertThat(call(0, true).isYes()).isFalse();
    }

    @Test
    void aRefusalIsANoInItsWords() {
        inTheCanary(receiver.answers(403, "not before monday").url());

        assertThat(call(3, false))
                .isEqualTo(new HookAnswer(HookAnswer.Kind.NO, java.util.Optional.of(403), "403 not before monday"));
        assertThat(receiver.asked()).hasSize(1);
    }

    @Test
    void aFailureIsTriedAgainWithPausesThatDouble() {
        inTheCanary(receiver.answers(503, "")
                .answers(429, "")
                .answers(500, "")
                .answers(200, "")
                .url());

        assertThat(call(3, false).isYes()).isTrue();
        assertThat(pauses).containsExactly(Duration.ofSeconds(1), Duration.ofSeconds(2), Duration.ofSeconds(4));
    }

    @Test
    void noPauseIsLongerThanHalfAMinute() {
        inTheCanary(receiver.answers(500, "").url());

        assertThat(call(7, false).kind()).isEqualTo(HookAnswer.Kind.FAILED);
        assertThat(pauses).hasSize(7).last().isEqualTo(Duration.ofSeconds(30));
    }

    @Test
    void notImplementedIsNotTriedAgain() {
        inTheCanary(receiver.answers(501, "").url());

        assertThat(call(3, false).kind()).isEqualTo(HookAnswer.Kind.FAILED);
        assertThat(receiver.asked()).hasSize(1);
    }

    @Test
    void nobodyThereIsTriedAgainAndIsAFailure() {
        inTheCanary(receiver.url());
        receiver.close();

        assertThat(call(1, false).kind()).isEqualTo(HookAnswer.Kind.FAILED);
        assertThat(pauses).hasSize(1);
    }

    @Test
    void anAnswerThatDoesNotComeIsAFailureAfterItsTimeOut() {
        inTheCanary(receiver.neverAnswers().url());

        assertThat(call(List.of(spec("ask", Duration.ofMillis(200), 0)), false).why())
                .isEqualTo("no answer within 200 ms");
    }

    @Test
    void aRedirectIsFollowed() {
        inTheCanary(receiver.redirects(307, "/there").answers(200, "").url());

        assertThat(call(0, false).isYes()).isTrue();
        assertThat(receiver.asked().getLast().path()).isEqualTo("/there");
    }

    @Test
    void oneThatIsNoLongerInTheCanaryIsAFailure() {
        inTheCanary(receiver.url());

        assertThat(call(List.of(spec("gone", Duration.ofSeconds(5), 0)), false).why())
                .isEqualTo("it is no longer in Canary shop/checkout");
    }

    @Test
    void anApiServerThatIsAwayIsAFailure() {
        live.away();

        assertThat(call(0, false).why()).isEqualTo("the API server doesn't answer");
    }

    @Test
    void noWordsTellTheUrl() {
        inTheCanary("http://127.0.0.1:1/?token=s3cret");

        assertThat(call(0, false).why()).doesNotContain("s3cret");
    }

    @AfterEach
    void stop() {
        receiver.close();
    }
}
