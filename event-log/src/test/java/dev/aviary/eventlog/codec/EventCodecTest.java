package dev.aviary.eventlog.codec;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.aviary.eventlog.LoggedEvent;
import dev.aviary.eventlog.LoggedEvent.Taken;
import dev.aviary.events.CanaryKey;
import dev.aviary.events.GateRequested;
import dev.aviary.events.HandbackStarted;
import dev.aviary.events.HookKind;
import dev.aviary.events.Percent;
import dev.aviary.events.RolloutEvent;
import dev.aviary.events.RolloutId;
import dev.aviary.events.TrafficShifted;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class EventCodecTest {
    private static final String LOG = "aviary.rollout-events";
    private static final CanaryKey CHECKOUT = new CanaryKey("eu", "shop", "checkout");
    private static final Instant NOON = Instant.parse("2026-01-01T12:00:00Z");
    private static final TrafficShifted SHIFTED =
            new TrafficShifted(8, Percent.of("12.5"), Percent.ZERO, Duration.ofMillis(41));

    private final EventCodec codec = new EventCodec(() -> NOON);

    static Stream<Class<? extends RolloutEvent>> everyEvent() {
        return WireTypes.all().values().stream();
    }

    @ParameterizedTest
    @MethodSource("everyEvent")
    void everyEventComesBackAsItWasWritten(Class<? extends RolloutEvent> type) {
        IntStream.range(0, 50).forEach(seed -> {
            var taken = seed % 2 == 0
                    ? Optional.<Taken>empty()
                    : Optional.of(new Taken(seed, new TreeMap<>(Map.of(LOG, 41L)), 1, NOON));
            var logged = new LoggedEvent("id-" + seed, new Examples(seed).of(type), taken);

            var record = codec.write(LOG, CHECKOUT, logged);

            assertThat(EventCodec.read(record.headers(), record.value()))
                    .as("seed %d", seed)
                    .isEqualTo(new Read.Event(logged));
        });
    }

    @Test
    void aFactsEnvelopeIsInTheHeadersAndItsValueIsTheEventAlone() {
        var record = codec.write(LOG, CHECKOUT, LoggedEvent.fact("eu/shop/checkout/8/traffic-shifted.v1", SHIFTED));

        assertThat(text(record.headers()))
                .containsExactlyInAnyOrderEntriesOf(Map.of(
                        "ce_specversion", "1.0",
                        "ce_id", "eu/shop/checkout/8/traffic-shifted.v1",
                        "ce_type", "dev.aviary.traffic-shifted.v1",
                        "ce_source", "/aviary/eu/router",
                        "ce_subject", "shop/checkout",
                        "ce_says", "router-outcome",
                        "ce_time", "2026-01-01T12:00:00Z",
                        "content-type", "application/json"));
        assertThat(new String(record.value(), UTF_8))
                .isEqualTo("{\"seq\":8,\"canary\":12.5,\"mirror\":0,\"took\":\"PT0.041S\"}");
        assertThat(record.key()).asString().isEqualTo("eu/shop/checkout");
    }

    @Test
    void aDecisionAlsoCarriesWhatAReplayNeeds() {
        var taken = new Taken(9, new TreeMap<>(Map.of(LOG, 41L)), 3, NOON.minusSeconds(1));
        var record =
                codec.write(LOG, CHECKOUT, LoggedEvent.decision("eu/shop/checkout/9", new HandbackStarted(), taken));

        assertThat(text(record.headers()))
                .containsAllEntriesOf(Map.of(
                        "ce_says", "router-decision",
                        "ce_seq", "9",
                        "ce_after", "{\"aviary.rollout-events\":41}",
                        "ce_decider", "3",
                        "ce_now", "2026-01-01T11:59:59Z",
                        "ce_time", "2026-01-01T11:59:59Z"));
        assertThat(record.value()).asString().isEqualTo("{}");
    }

    @Test
    void keyAndValueSerializersWriteTheHeadersTogetherAndReplaceInheritedOnes() {
        var headers = new RecordHeaders().add("ce_seq", "7".getBytes(UTF_8)).add("trace", "t".getBytes(UTF_8));
        new CanaryKeySerde().serializer().serialize(LOG, headers, CHECKOUT);
        var value = new EventSerde(() -> NOON).serializer().serialize(LOG, headers, LoggedEvent.fact("id", SHIFTED));

        var written = codec.write(LOG, CHECKOUT, LoggedEvent.fact("id", SHIFTED));
        assertThat(value).isEqualTo(written.value());
        var expected = text(written.headers());
        expected.put("trace", "t");
        assertThat(text(headers)).isEqualTo(expected);
    }

    @Test
    void anEventWithoutItsCanaryIsNotWritten() {
        assertThatThrownBy(() -> new EventSerde()
                        .serializer()
                        .serialize(LOG, new RecordHeaders(), LoggedEvent.fact("id", SHIFTED)))
                .hasMessageContaining("key.serializer must be");
    }

    @Test
    void aTypeOfANewerVersionIsUnknownAndSaysWhetherItIsADecision() {
        assertThat(EventCodec.read(headers("dev.aviary.step-started.v9", "router-decision"), "{}".getBytes(UTF_8)))
                .isEqualTo(new Read.Unknown("step-started.v9", true));
        assertThat(EventCodec.read(headers("dev.aviary.pigeon-landed.v1", "detector-event"), null))
                .isEqualTo(new Read.Unknown("pigeon-landed.v1", false));
        assertThat(EventCodec.read(
                        headers("dev.aviary.check-explained.v1", "analyzer-event")
                                .add("ce_seq", "4".getBytes(UTF_8)),
                        null))
                .isEqualTo(new Read.Unknown("check-explained.v1", false));
    }

    @Test
    void whatCantBeReadSaysWhyInASentence() {
        var shifted = headers("dev.aviary.traffic-shifted.v1", "router-outcome").add("ce_id", "1".getBytes(UTF_8));
        assertThat(broken(shifted, "{\"seq\":8,\"canary\":101,\"mirror\":0,\"took\":\"PT0S\"}"))
                .isEqualTo("traffic-shifted.v1 can't be read: canary: a share is 0 to 100 %, got 101.00");
        assertThat(broken(shifted, "{\"canary\":1,\"mirror\":0,\"took\":\"PT0S\"}"))
                .contains("seq");
        assertThat(broken(shifted, "{\"seq\":8,\"canary\":1,\"mirror\":0}")).contains("took");
        assertThat(broken(shifted, "{\"seq\":8")).startsWith("traffic-shifted.v1 can't be read: ");
        assertThat(broken(shifted, "null")).startsWith("traffic-shifted.v1 ");
        assertThat(broken(new RecordHeaders(), "{}")).contains("no header ce_type");
        assertThat(EventCodec.read(shifted, null)).isEqualTo(new Read.Broken("traffic-shifted.v1 has no value"));
        var decision = headers("dev.aviary.handback-started.v1", "router-decision")
                .add("ce_id", "1".getBytes(UTF_8))
                .add("ce_seq", "1".getBytes(UTF_8));
        assertThat(broken(decision, "{}")).contains("ce_after");
    }

    @Test
    void anEventInsideAStateSaysItsType() {
        var type = JsonSerde.of(RolloutEvent.class);
        var gate = new GateRequested(RolloutId.of("3-v1:9f"), HookKind.CONFIRM_PROMOTION, 2);
        var json = type.serializer().serialize("", gate);

        assertThat(json).asString().contains("\"type\":\"gate-requested.v1\"", "\"kind\":\"confirm-promotion\"");
        assertThat(type.deserializer().deserialize("", json)).isEqualTo(gate);
    }

    @Test
    void aKeyThatIsNoneIsRefused() {
        assertThatThrownBy(() -> new CanaryKeySerde().deserializer().deserialize(LOG, "checkout".getBytes(UTF_8)))
                .isInstanceOf(SerializationException.class);
    }

    private String broken(Headers headers, String value) {
        return switch (EventCodec.read(headers, value.getBytes(UTF_8))) {
            case Read.Broken(var why) -> why;
            case Read.Event _, Read.Unknown _ -> "read";
        };
    }

    private static Headers headers(String type, String says) {
        return new RecordHeaders().add("ce_type", type.getBytes(UTF_8)).add("ce_says", says.getBytes(UTF_8));
    }

    private static Map<String, String> text(Headers headers) {
        return Stream.of(headers.toArray())
                .collect(Collectors.toMap(header -> header.key(), header -> new String(header.value(), UTF_8)));
    }
}
