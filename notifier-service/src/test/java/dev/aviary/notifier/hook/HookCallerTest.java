package dev.aviary.notifier.hook;

import static dev.aviary.notifier.Samples.CHECKOUT;
import static dev.aviary.notifier.Samples.NOON;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.aviary.flagger.Canary;
import dev.aviary.notifier.NotifierConfigTest;
import dev.aviary.notifier.alert.Delivery;
import dev.aviary.notifier.alert.Message;
import dev.aviary.notifier.alert.Note;
import dev.aviary.notifier.channel.HttpStub;
import dev.aviary.notifier.channel.Outcome;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class HookCallerTest {
    private static final String PAYLOAD = """
            {
              "name": "checkout",
              "namespace": "shop",
              "phase": "Progressing",
              "checksum": "9f2c",
              "metadata": {
                "eventMessage": "Advance checkout.shop canary weight 5",
                "eventType": "Normal",
                "team": "shop",
                "timestamp": "1795435200000"
              }
            }""";

    private static final Optional<Boolean> NORMAL = Optional.of(false);

    private HttpStub server;

    @BeforeEach
    void start() throws IOException {
        server = HttpStub.start();
    }

    @AfterEach
    void stop() {
        server.close();
    }

    @Test
    void anEventIsSentAsFlaggerSendsIt() throws IOException {
        assertThat(call(event("sink"), 0)).isInstanceOf(Outcome.Accepted.class);

        var json = new ObjectMapper();
        assertThat(json.readTree(server.last().body())).isEqualTo(json.readTree(PAYLOAD));
    }

    @Test
    void itIsTriedAsOftenAsTheTeamSays() {
        server.answer(503);

        assertThat(call(event("sink"), 0)).isEqualTo(new Outcome.Away("it answered 503"));
        assertThat(call(event("sink"), 1)).isEqualTo(new Outcome.Refused("it answered 503"));
    }

    @Test
    void whatAsksForNoMoreGetsNoMore() {
        for (int status : new int[] {400, 404, 501}) {
            server.answer(status);
            assertThat(call(event("sink"), 0)).isEqualTo(new Outcome.Refused("it answered " + status));
        }
    }

    /// Flagger takes it for a failure.
    @Test
    void noContentIsFineUnlessTheTeamWantsFlaggersWay() {
        server.answer(204);

        assertThat(call(event("sink"), 0)).isInstanceOf(Outcome.Accepted.class);
        assertThat(call(event("sink", Optional.empty()), 0)).isInstanceOf(Outcome.Accepted.class);
        assertThat(call(event("sink", Optional.of(true)), 0)).isEqualTo(new Outcome.Refused("it answered 204"));
    }

    @Test
    void aHookThatIsGoneIsNotCalled() {
        assertThat(call(event("gone"), 0)).isInstanceOf(Outcome.Refused.class);
        assertThat(server.requests()).isEmpty();
    }

    @Test
    void theSettingsHookIsCalledForWhoHasNone() {
        var hook = new Message.ToHook("settings", "event", true, Optional.empty(), "Failed", "9f2c", NORMAL, note());

        assertThat(call(hook, 0)).isInstanceOf(Outcome.Accepted.class);
        assertThat(server.last().uri()).isEqualTo("/all");
    }

    private Outcome call(Message.ToHook hook, int tries) {
        var config = NotifierConfigTest.config(Map.of("aviary.notifier.event-webhook", server.address("/all")));
        var delivery = new Delivery("1", CHECKOUT, "1", NOON, tries, Optional.empty(), hook);
        return new HookCaller(_ -> Optional.of(canary()), config).call(delivery, hook);
    }

    private static Message.ToHook event(String name) {
        return event(name, NORMAL);
    }

    private static Message.ToHook event(String name, Optional<Boolean> strict) {
        return new Message.ToHook("shop/checkout", name, true, Optional.empty(), "Progressing", "9f2c", strict, note());
    }

    private static Note note() {
        return new Note(false, "Advance checkout.shop canary weight 5");
    }

    private Canary canary() {
        return Serialization.unmarshal("""
                metadata: {name: checkout, namespace: shop}
                spec:
                  analysis:
                    webhooks:
                      - {name: sink, type: event, url: "%s", retries: 1, timeout: 5s, metadata: {team: shop, eventType: mine}}""".formatted(server.address("/sink")), Canary.class);
    }
}
