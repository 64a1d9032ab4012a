package dev.aviary.eventlog.codec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import com.fasterxml.jackson.databind.JsonNode;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion.VersionFlag;
import dev.aviary.eventlog.LoggedEvent;
import dev.aviary.eventlog.LoggedEvent.Taken;
import dev.aviary.events.AnalyzerEvent;
import dev.aviary.events.CanaryKey;
import dev.aviary.events.CheckCompleted;
import dev.aviary.events.EvidenceRecorded;
import dev.aviary.events.MetricsMeasured;
import dev.aviary.events.RolloutEvent;
import dev.aviary.events.RouterDecision;
import dev.aviary.events.RouterOutcome;
import dev.aviary.events.TrafficShifted;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Every event has a schema and a sample, and what was ever written stays readable. A new event gets both by
/// `./mvnw -pl event-log -am test -Dtest=SamplesTest -Dsamples.write=true`; a sample that is there isn't touched.
class SamplesTest {
    private static final boolean WRITE = Boolean.getBoolean("samples.write");
    private static final Path SCHEMAS = Path.of("src/main/resources/schemas");
    private static final String HOW = "; write it with -Dsamples.write=true, and read it";
    private static final Instant NOON = Instant.parse("2026-01-01T12:00:00Z");
    private static final CanaryKey CHECKOUT = new CanaryKey("eu", "shop", "checkout");
    private static final InstantSource CLOCK = () -> NOON;

    static Stream<Class<? extends RolloutEvent>> everyEvent() {
        return WireTypes.all().values().stream();
    }

    @ParameterizedTest
    @MethodSource("everyEvent")
    void theSchemaIsThatOfTheRecord(Class<? extends RolloutEvent> event) throws IOException {
        var file = SCHEMAS.resolve(WireTypes.of(event) + ".json");
        var wanted = Json.mapper().writerWithDefaultPrettyPrinter().writeValueAsString(JsonSchemas.of(event)) + "\n";
        if (WRITE) {
            Files.createDirectories(SCHEMAS);
            Files.writeString(file, wanted);
        }

        assertThat(file).as(file + HOW).exists().hasContent(wanted);
    }

    @ParameterizedTest
    @MethodSource("everyEvent")
    void theSampleIsReadFitsTheSchemaAndIsWrittenTheSame(Class<? extends RolloutEvent> event) throws IOException {
        var type = WireTypes.of(event);
        if (WRITE && !Files.exists(Sample.file(type))) {
            Sample.of(new EventCodec(CLOCK).write("aviary.rollout-events", CHECKOUT, example(event)))
                    .write(Sample.file(type));
        }
        assertThat(Sample.file(type)).as(Sample.file(type) + HOW).exists();
        var sample = Sample.of(type);

        var read = EventCodec.read(sample.kafkaHeaders(), sample.bytes());

        if (!(read instanceof Read.Event(var logged))) {
            fail(type + ": " + read);
            return;
        }
        assertThat(logged.event()).isInstanceOf(event);
        assertThat(schema(event).validate(sample.value())).isEmpty();
        InstantSource then = () -> Instant.parse(sample.headers().get("ce_time"));
        assertThat(Sample.of(new EventCodec(then).write("aviary.rollout-events", sample.canary(), logged)))
                .isEqualTo(sample);
    }

    @ParameterizedTest
    @MethodSource("everyEvent")
    void whateverCanBeSaidFitsTheSchema(Class<? extends RolloutEvent> event) {
        var schema = schema(event);
        for (int seed = 0; seed < 20; seed++) {
            JsonNode value = Json.mapper().valueToTree(new Examples(seed).of(event));
            assertThat(schema.validate(value)).as("seed %d: %s", seed, value).isEmpty();
        }
    }

    @Test
    void aSchemaRefusesWhatItsRecordCouldntRead() throws IOException {
        var schema = schema(TrafficShifted.class);

        assertThat(schema.validate(tree("{\"seq\":8,\"canary\":5,\"mirror\":0,\"took\":\"PT1S\",\"new\":1}")))
                .isEmpty();
        assertThat(schema.validate(tree("{\"seq\":8,\"canary\":101,\"mirror\":0,\"took\":\"PT1S\"}")))
                .hasSize(1);
        assertThat(schema.validate(tree("{\"seq\":8,\"canary\":5,\"mirror\":0}")))
                .hasSize(1);
    }

    @Test
    void noSampleAndNoSchemaIsLeftOverFromAnEventThatIsGone() throws IOException {
        assertThat(names(Sample.FOLDER)).isEqualTo(WireTypes.all().keySet());
        assertThat(names(SCHEMAS)).isEqualTo(WireTypes.all().keySet());
    }

    @Test
    void oddRecordsAreWhatTheyAre() {
        var more = Sample.odd("unknown-fields");
        assertThat(EventCodec.read(more.kafkaHeaders(), more.bytes()))
                .isInstanceOfSatisfying(
                        Read.Event.class,
                        read -> assertThat(read.logged().event()).isInstanceOf(RouterDecision.class));
        var older = Sample.odd("check-before-the-guard");
        assertThat(EventCodec.read(older.kafkaHeaders(), older.bytes()))
                .isInstanceOfSatisfying(
                        Read.Event.class,
                        read -> assertThat(((CheckCompleted) read.logged().event()).guard())
                                .isEmpty());
        var together = Sample.odd("evidence-before-the-pods");
        assertThat(EventCodec.read(together.kafkaHeaders(), together.bytes()))
                .isInstanceOfSatisfying(Read.Event.class, read -> {
                    var evidence = (EvidenceRecorded) read.logged().event();
                    assertThat(evidence.pods()).isEmpty();
                    assertThat(evidence.counted())
                            .singleElement()
                            .satisfies(look -> assertThat(look.pods()).isEmpty());
                });
        var type = Sample.odd("unknown-type");
        assertThat(EventCodec.read(type.kafkaHeaders(), type.bytes()))
                .isEqualTo(new Read.Unknown("pigeon-landed.v1", false));
        var decision = Sample.odd("unknown-decision");
        assertThat(EventCodec.read(decision.kafkaHeaders(), decision.bytes()))
                .isEqualTo(new Read.Unknown("step-started.v2", true));
        var broken = Sample.odd("broken");
        assertThat(EventCodec.read(broken.kafkaHeaders(), broken.bytes()))
                .isEqualTo(
                        new Read.Broken("traffic-shifted.v1 can't be read: canary: a share is 0 to 100 %, got 250.00"));
    }

    private static LoggedEvent example(Class<? extends RolloutEvent> type) {
        var event = Examples.toRead().of(type);
        return switch (event) {
            case RouterDecision _ -> LoggedEvent.decision(EventIds.decision(CHECKOUT, 9), event, taken());
            case RouterOutcome outcome -> LoggedEvent.fact(EventIds.outcome(CHECKOUT, outcome.seq(), type), event);
            case MetricsMeasured looked ->
                LoggedEvent.fact(EventIds.look(CHECKOUT, looked.rollout(), looked.step(), looked.look(), type), event);
            case AnalyzerEvent _ ->
                LoggedEvent.decision(EventIds.observed(CHECKOUT, type, EventIds.content(event)), event, taken());
            default -> LoggedEvent.fact(EventIds.observed(CHECKOUT, type, EventIds.content(event)), event);
        };
    }

    private static Taken taken() {
        return new Taken(9, new TreeMap<>(Map.of("aviary.rollout-events", 41L)), 1, NOON);
    }

    private static JsonSchema schema(Class<? extends RolloutEvent> event) {
        return JsonSchemaFactory.getInstance(VersionFlag.V202012).getSchema(JsonSchemas.of(event));
    }

    private static JsonNode tree(String json) throws IOException {
        return Json.mapper().readTree(json);
    }

    private static java.util.Set<String> names(Path folder) throws IOException {
        try (var files = Files.list(folder)) {
            return files.filter(Files::isRegularFile)
                    .map(file -> file.getFileName().toString().replaceAll("\\.json$", ""))
                    .collect(java.util.stream.Collectors.toCollection(java.util.TreeSet::new));
        }
    }
}
