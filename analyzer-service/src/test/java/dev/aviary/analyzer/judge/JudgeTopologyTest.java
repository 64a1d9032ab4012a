package dev.aviary.analyzer.judge;

import static org.assertj.core.api.Assertions.assertThat;

import dev.aviary.analyzer.Samples;
import dev.aviary.analyzer.judge.AnalysisProcessor.Folded;
import dev.aviary.decisions.analysis.AnalysisDecider;
import dev.aviary.decisions.analysis.Wanted;
import dev.aviary.eventlog.LoggedEvent;
import dev.aviary.eventlog.LoggedEvent.Taken;
import dev.aviary.eventlog.codec.CanaryKeySerde;
import dev.aviary.eventlog.codec.EventSerde;
import dev.aviary.eventlog.codec.JsonSerde;
import dev.aviary.eventlog.topics.DeadLetter;
import dev.aviary.eventlog.topics.Topics;
import dev.aviary.events.CanaryKey;
import dev.aviary.events.CheckCompleted;
import dev.aviary.events.EvidenceRecorded;
import dev.aviary.events.Measurement;
import dev.aviary.events.RolloutEvent;
import dev.aviary.events.Superseded;
import dev.aviary.events.Verdict;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.TestInputTopic;
import org.apache.kafka.streams.TestOutputTopic;
import org.apache.kafka.streams.TopologyTestDriver;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JudgeTopologyTest {
    private static final Topics TOPICS = Topics.DEFAULT;
    private static final Instant NOON = Instant.parse("2026-01-01T12:00:00Z");
    private static final CanaryKey CHECKOUT = Samples.CHECKOUT;

    @TempDir
    private Path folder;

    private final Map<CanaryKey, Wanted> wanted = new HashMap<>();
    private Instant now = NOON;
    private TopologyTestDriver kafka;
    private TestInputTopic<CanaryKey, LoggedEvent> log;
    private TestInputTopic<CanaryKey, LoggedEvent> measurements;
    private TestOutputTopic<CanaryKey, LoggedEvent> said; // comes back only where a test pipes it

    @BeforeEach
    void start() {
        var collector = new Collecting() {
            @Override
            public void want(CanaryKey canary, Wanted what) {
                wanted.put(canary, what);
            }

            @Override
            public void forget(CanaryKey canary) {
                wanted.remove(canary);
            }
        };
        var settings = new Properties();
        settings.put(StreamsConfig.APPLICATION_ID_CONFIG, "judge");
        settings.put(StreamsConfig.STATE_DIR_CONFIG, folder.toString());
        var topology = JudgeTopology.of(
                TOPICS, collector, () -> now, key -> key.cluster().equals("eu"));
        kafka = new TopologyTestDriver(topology, settings, now);
        var keys = new CanaryKeySerde();
        var values = new EventSerde(() -> now);
        log = kafka.createInputTopic(TOPICS.rolloutEvents(), keys.serializer(), values.serializer());
        measurements = kafka.createInputTopic(TOPICS.measurements(), keys.serializer(), values.serializer());
        said = kafka.createOutputTopic(TOPICS.rolloutEvents(), keys.deserializer(), values.deserializer());
    }

    @Test
    void aMeasurementBecomesACheckThatCarriesWhatAReplayNeeds() {
        begin();
        pass(Duration.ofSeconds(60));
        measure(0, 99.5);

        var check = said.readValue();
        assertThat(check.event())
                .isInstanceOfSatisfying(
                        CheckCompleted.class, it -> assertThat(it.verdict()).isEqualTo(Verdict.PASSED));
        assertThat(check.taken())
                .contains(new Taken(
                        1,
                        new TreeMap<>(Map.of(TOPICS.rolloutEvents(), 2L, TOPICS.measurements(), 0L)),
                        AnalysisDecider.VERSION,
                        NOON.plusSeconds(60)));
        assertThat(check.id()).isEqualTo("eu/shop/checkout/1-v1:two/0/0/check-completed.v1");
    }

    @Test
    void theCollectorIsToldWhatIsWanted() {
        begin();

        assertThat(wanted.get(CHECKOUT).look().map(Wanted.Look::due)).contains(NOON.plusSeconds(60));
    }

    @Test
    void ourOwnDecisionReadBackIsInTheStateAlready() {
        begin();
        pass(Duration.ofSeconds(60));
        measure(0, 99.5);
        var check = said.readValue();
        var before = committed();

        log.pipeInput(CHECKOUT, check, now);

        assertThat(committed()).isEqualTo(before);
    }

    @Test
    void aLookThatNeverCameIsSaidWithoutAnotherEvent() {
        begin();
        pass(Duration.ofSeconds(120).minusMillis(1));
        assertThat(said.isEmpty()).isTrue();

        pass(Duration.ofMillis(1));
        assertThat(events()).singleElement().isInstanceOf(CheckCompleted.class);

        pass(Duration.ofSeconds(66)); // each tick moves the next one on; one that told nothing is taken again soon
        assertThat(events())
                .singleElement()
                .isInstanceOfSatisfying(
                        CheckCompleted.class, it -> assertThat(it.look()).isEqualTo(1));
    }

    @Test
    void theEvidenceIsOnTheLogWhenTheStepEnds() {
        begin();
        pass(Duration.ofSeconds(60));
        measure(0, 93);
        hear(new Superseded(Samples.ROLLOUT, "v1:three"));

        assertThat(events())
                .extracting(RolloutEvent::getClass)
                .isEqualTo(List.of(CheckCompleted.class, EvidenceRecorded.class));
        assertThat(wanted.get(CHECKOUT)).isEqualTo(Wanted.NOTHING);
    }

    @Test
    void anotherClustersCanariesAreNotOurs() {
        log.pipeInput(new CanaryKey("us", "shop", "checkout"), LoggedEvent.fact("1", Samples.started()), now);

        assertThat(wanted).isEmpty();
    }

    @Test
    void aMeasurementThatCannotBeReadIsADeadLetterAndTheStreamGoesOn() {
        var raw = kafka.createInputTopic(TOPICS.measurements(), new StringSerializer(), new StringSerializer());
        var letters = kafka.createOutputTopic(
                TOPICS.deadLetters(),
                new CanaryKeySerde().deserializer(),
                JsonSerde.of(DeadLetter.class).deserializer());
        begin();

        raw.pipeInput("eu/shop/checkout", "rubbish", now);
        pass(Duration.ofSeconds(60));
        measure(0, 99.5);

        assertThat(letters.readValue().topic()).isEqualTo(TOPICS.measurements());
        assertThat(events()).hasSize(1);
    }

    @Test
    void aStateSurvivesItsStore() {
        begin();
        pass(Duration.ofSeconds(60));
        measure(0, 99.5);
        var serde = JsonSerde.of(Folded.class);

        var bytes = serde.serializer().serialize("", committed());

        assertThat(serde.deserializer().deserialize("", bytes)).isEqualTo(committed());
    }

    private void begin() {
        hear(Samples.started());
        hear(Samples.step(0));
        hear(Samples.shifted(3, 0));
    }

    private void hear(RolloutEvent event) {
        log.pipeInput(CHECKOUT, LoggedEvent.fact("fact", event), now);
    }

    private void measure(int look, double rate) {
        var asked = wanted.get(CHECKOUT).look().orElseThrow();
        assertThat(asked.look()).isEqualTo(look);
        measurements.pipeInput(
                CHECKOUT, LoggedEvent.fact("look", Samples.measured(asked, new Measurement.Value(rate))), now);
    }

    private void pass(Duration time) {
        now = now.plus(time);
        kafka.advanceWallClockTime(time);
    }

    private List<RolloutEvent> events() {
        return said.readValuesToList().stream().map(LoggedEvent::event).toList();
    }

    private Folded committed() {
        return kafka.<CanaryKey, Folded>getKeyValueStore(JudgeTopology.STATES).get(CHECKOUT);
    }

    @AfterEach
    void close() {
        kafka.close();
    }
}
