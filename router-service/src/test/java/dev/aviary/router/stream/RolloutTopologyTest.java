package dev.aviary.router.stream;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.aviary.decisions.rollout.CanaryStatus;
import dev.aviary.decisions.rollout.Desired;
import dev.aviary.decisions.rollout.RolloutDecider;
import dev.aviary.decisions.rollout.RolloutState;
import dev.aviary.eventlog.LoggedEvent;
import dev.aviary.eventlog.LoggedEvent.Taken;
import dev.aviary.eventlog.codec.CanaryKeySerde;
import dev.aviary.eventlog.codec.EventSerde;
import dev.aviary.eventlog.codec.JsonSerde;
import dev.aviary.eventlog.streams.StreamsSettings;
import dev.aviary.eventlog.topics.DeadLetter;
import dev.aviary.eventlog.topics.LogConnection;
import dev.aviary.eventlog.topics.Topics;
import dev.aviary.events.*;
import dev.aviary.events.WorkloadChanged.Role;
import dev.aviary.router.reconcile.Reconciler;
import dev.aviary.router.reconcile.SafeSide;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.TestInputTopic;
import org.apache.kafka.streams.TestOutputTopic;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.test.TestRecord;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RolloutTopologyTest {
    private static final Topics TOPICS = Topics.DEFAULT;
    private static final Instant NOON = Instant.parse("2026-01-01T12:00:00Z");
    private static final CanaryKey CHECKOUT = new CanaryKey("eu", "shop", "checkout");
    private static final Percent FIVE = Percent.of("5");
    private static final Percent TWENTY = Percent.of("20");
    private static final CanarySpec SPEC = by(new Strategy.Progressive(List.of(FIVE, TWENTY), Percent.ZERO));

    @TempDir
    Path dir;

    private final List<Desired> writes = new ArrayList<>();
    private final List<RouterOutcome> outcomes = new ArrayList<>();
    private final List<RolloutState> shown = new ArrayList<>();
    private final List<RolloutEvent> decided = new ArrayList<>();
    private final Reconciler reconciler =
            new Reconciler(Runnable::run, (_, _) -> {}, new World(), (_, outcome) -> outcomes.add(outcome), this::now);
    private Instant now = NOON;
    private int answered;
    private TopologyTestDriver kafka;
    private TestInputTopic<CanaryKey, LoggedEvent> log;
    private TestInputTopic<String, byte[]> raw;
    private TestOutputTopic<CanaryKey, LoggedEvent> said; // comes back only where a test reads it back
    private TestOutputTopic<CanaryKey, DeadLetter> dead;

    @BeforeEach
    void start() {
        var settings = StreamsSettings.of("router", LogConnection.to("nowhere:9092"), dir);
        kafka = new TopologyTestDriver(
                RolloutTopology.of(TOPICS, "said", reconciler, new Shown(), this::now), settings.properties(), now);
        var keys = new CanaryKeySerde();
        var events = new EventSerde();
        log = kafka.createInputTopic(TOPICS.rolloutEvents(), keys.serializer(), events.serializer());
        raw = kafka.createInputTopic(TOPICS.rolloutEvents(), new StringSerializer(), new ByteArraySerializer());
        said = kafka.createOutputTopic("said", keys.deserializer(), events.deserializer());
        dead = kafka.createOutputTopic(
                TOPICS.deadLetters(),
                keys.deserializer(),
                JsonSerde.of(DeadLetter.class).deserializer());
    }

    @Test
    void aCanaryThatIsSeenFirstGetsItsPrimaryThenItsTraffic() {
        firstSight();

        assertThat(writes).extracting(Desired::stage).containsExactly(Desired.Stage.BOOTSTRAP, Desired.Stage.SERVING);
        assertThat(state().promoted()).isEqualTo("v1:a");
    }

    @Test
    void moreTrafficWaitsUntilTheLogHasTheDecision() {
        rollOut();
        hear(ready(Role.TARGET, "v1:b"));
        assertThat(writes.getLast().canary()).isEqualTo(Percent.ZERO);

        readBack();

        assertThat(writes.getLast().canary()).isEqualTo(FIVE);
    }

    @Test
    void lessTrafficDoesNot() {
        atFivePercent();
        assertThat(writes.getLast().canary()).isEqualTo(FIVE);

        hear(new GuardTripped(rollout(), 0, 3, "p99", 7.3, 0.001, "3 of 3 slower than 500 ms"));

        assertThat(writes.getLast().canary()).isEqualTo(Percent.ZERO);
    }

    @Test
    void aStepThatSendsNoMoreTrafficWaitsUntilTheLogHasItToo() {
        rollOut(by(new Strategy.BlueGreen(3)));
        long before = writes.getLast().seq();

        hear(ready(Role.TARGET, "v1:b"));
        assertThat(writes.getLast().seq()).isEqualTo(before);
        readBack();

        assertThat(decided).last().isInstanceOf(StepStarted.class);
        assertThat(writes.getLast().seq()).isGreaterThan(before);
    }

    @Test
    void aPodGoesWhenTheLogHasTheDecision() {
        atFivePercent();

        hear(suspected());
        assertThat(writes.getLast().without()).isEmpty();
        readBack();
        assertThat(writes.getLast().without()).contains("checkout-7f-a");
        assertThat(writes.getLast().canary()).isEqualTo(FIVE);

        answers();
        assertThat(state().desired()).isEqualTo(state().confirmed());
    }

    @Test
    void aRolloutGoesBackAtOnceThoughAPodIsStillToGo() {
        atFivePercent();
        hear(suspected());

        hear(new GuardTripped(rollout(), 0, 3, "p99", 7.3, 0.001, "3 of 3 slower than 500 ms"));

        assertThat(writes.getLast().canary()).isEqualTo(Percent.ZERO);
    }

    @Test
    void aPodThatIsNotGoneInTimeTakesTheRolloutBackWithoutAnotherEvent() {
        atFivePercent();
        hear(suspected());
        readBack(); // and nobody answers

        pass(Duration.ofSeconds(10));

        assertThat(events()).hasAtLeastOneElementOfType(RollbackStarted.class);
        assertThat(writes.getLast().canary()).isEqualTo(Percent.ZERO);
    }

    @Test
    void aRolloutPastItsDeadlineGoesBackWithoutAnotherEvent() {
        rollOut();

        pass(Duration.ofMinutes(5).minusMillis(1));
        assertThat(events()).noneMatch(RollbackStarted.class::isInstance);
        pass(Duration.ofMillis(1));

        assertThat(events()).hasAtLeastOneElementOfType(RollbackStarted.class);
    }

    @Test
    void aDecisionCarriesWhatAReplayNeedsAndAnIdOfItsOwn() {
        hear(new CanaryApplied("uid", 1, SPEC));
        pass(Duration.ofSeconds(60));
        hear(revision("v1:a"));

        var decision = said.readValue();

        assertThat(decision.taken())
                .contains(new Taken(
                        1,
                        new TreeMap<>(Map.of(TOPICS.rolloutEvents(), 1L)),
                        RolloutDecider.VERSION,
                        NOON.plusSeconds(60)));
        assertThat(decision.id()).isEqualTo("eu/shop/checkout/1");
    }

    @Test
    void aRecordThatCanNotBeReadParksItsCanaryAndTheStreamGoesOn() {
        atFivePercent();

        raw.pipeInput(new TestRecord<>(CHECKOUT.toString(), "{".getBytes(UTF_8), new RecordHeaders(), now));
        hear(revision("v1:c"));

        assertThat(dead.readValue().why()).contains("ce_type");
        assertThat(events()).hasAtLeastOneElementOfType(CanaryParked.class);
        assertThat(writes.getLast().canary()).isEqualTo(Percent.ZERO);
        assertThat(state().phase()).isInstanceOf(RolloutState.Phase.Parked.class);
    }

    @Test
    void anUnknownDecisionParksItsCanaryAndAnUnknownFactIsSkipped() {
        firstSight();

        unknown("analyzer-event");
        assertThat(state().phase()).isInstanceOf(RolloutState.Phase.Idle.class);
        unknown("router-decision");

        assertThat(state().phase()).isInstanceOf(RolloutState.Phase.Parked.class);
    }

    @Test
    void aStateComesBackFromItsStoreAsItWas() {
        atFivePercent();
        var json = JsonSerde.of(Folded.class);
        var kept = new Folded(state(), new TreeMap<>(Map.of("log", 7L)));

        var restored = json.deserializer().deserialize("", json.serializer().serialize("", kept));

        assertThat(restored).isEqualTo(kept);
        assertThat(SafeSide.of(restored.state())).isEqualTo(SafeSide.PRIMARY);
    }

    @Test
    void whatIsShownIsTheConfirmedWeight() {
        atFivePercent();

        assertThat(CanaryStatus.of(shown.getLast()).canaryWeight()).isEqualTo(FIVE);
    }

    private static CanarySpec by(Strategy strategy) {
        return new CanarySpec(
                new WorkloadRef("Deployment", "checkout"),
                "gatewayapi:v1",
                "checkout",
                strategy,
                Duration.ofSeconds(10),
                2,
                Duration.ofMinutes(5),
                Duration.ofSeconds(1),
                100,
                100,
                List.of(),
                List.of(),
                false,
                false,
                false,
                false);
    }

    private void firstSight() {
        firstSight(SPEC);
    }

    private void firstSight(CanarySpec spec) {
        hear(new CanaryApplied("uid", 1, spec));
        hear(revision("v1:a"));
        readBack();
        answers(); // PrimaryUpdated
        hear(ready(Role.PRIMARY, "v1:a"));
        readBack();
        answers(); // PrimaryInitialized
    }

    private void rollOut() {
        rollOut(SPEC);
    }

    private void rollOut(CanarySpec spec) {
        firstSight(spec);
        hear(revision("v1:b"));
        readBack();
        answers();
    }

    private void atFivePercent() {
        rollOut();
        hear(ready(Role.TARGET, "v1:b"));
        readBack();
        answers();
    }

    /// What was written is answered, until nothing more follows.
    private void answers() {
        while (answered < outcomes.size()) {
            hear(outcomes.get(answered++));
            readBack();
        }
    }

    private void readBack() {
        said.readValuesToList().forEach(decision -> {
            decided.add(decision.event());
            log.pipeInput(CHECKOUT, decision, now);
        });
    }

    private RolloutId rollout() {
        return state().run().orElseThrow().id();
    }

    private PodSuspected suspected() {
        return new PodSuspected(
                rollout(),
                0,
                3,
                "p99",
                "checkout-7f-a",
                "n1",
                new GuardResult.Tally(6, 6),
                new GuardResult.Tally(0, 14),
                0.0001,
                8,
                0.001,
                "6 of 6 requests to pod checkout-7f-a",
                List.of());
    }

    private static RevisionDetected revision(String name) {
        return new RevisionDetected(name, Optional.empty(), List.of("app:" + name), List.of(), new TreeMap<>());
    }

    private static WorkloadChanged ready(Role role, String revision) {
        return new WorkloadChanged(
                role == Role.PRIMARY ? "checkout-primary" : "checkout",
                role,
                true,
                revision,
                new Replicas(1, 1, 1, 1, true),
                Optional.empty());
    }

    private void hear(RolloutEvent event) {
        log.pipeInput(CHECKOUT, LoggedEvent.fact("%s-%s".formatted(now, event), event), now);
    }

    private void unknown(String says) {
        var headers = new RecordHeaders();
        headers.add("ce_type", "dev.aviary.something-new.v1".getBytes(UTF_8));
        headers.add("ce_says", says.getBytes(UTF_8));
        headers.add("ce_id", "x".getBytes(UTF_8));
        raw.pipeInput(new TestRecord<>(CHECKOUT.toString(), "{}".getBytes(UTF_8), headers, now));
    }

    private void pass(Duration time) {
        now = now.plus(time);
        kafka.advanceWallClockTime(time);
    }

    private Instant now() {
        return now;
    }

    private List<RolloutEvent> events() {
        readBack();
        return List.copyOf(decided);
    }

    private RolloutState state() {
        return kafka.<CanaryKey, Folded>getKeyValueStore(RolloutProcessor.STATES)
                .get(CHECKOUT)
                .state();
    }

    private final class Shown implements Follower {
        @Override
        public void show(CanaryKey canary, Optional<RolloutState> before, RolloutState state) {
            shown.add(state);
        }

        @Override
        public void forget(CanaryKey canary) {}
    }

    private final class World implements Reconciler.World {
        @Override
        public List<RouterOutcome> apply(
                CanaryKey canary, Desired desired, Desired confirmed, Instant since, Duration nextTry) {
            writes.add(desired);
            return switch (desired.stage()) {
                case NOTHING -> List.of();
                case BOOTSTRAP -> List.of(new PrimaryUpdated(desired.seq(), desired.primary(), Duration.ZERO));
                case RESTORED -> List.of(new TargetRestored(desired.seq(), Duration.ZERO));
                case SERVING ->
                    confirmed.stage() == Desired.Stage.BOOTSTRAP
                            ? List.of(new PrimaryInitialized(desired.seq(), false, Percent.ZERO, Duration.ZERO))
                            : Stream.<RouterOutcome>concat(
                                            Stream.of(
                                                    new TrafficShifted(
                                                            desired.seq(),
                                                            desired.canary(),
                                                            desired.mirror(),
                                                            Duration.ZERO),
                                                    new CanaryScaled(
                                                            desired.seq(), desired.canaryUp() ? 1 : 0, Duration.ZERO)),
                                            desired.without().stream()
                                                    .map(pod -> new PodRemoved(desired.seq(), pod, Duration.ZERO)))
                                    .toList();
            };
        }

        @Override
        public Optional<RouteChangedByHand> inspect(CanaryKey canary, Desired standing) {
            return Optional.empty();
        }

        @Override
        public Percent retreat(CanaryKey canary, Desired committed, SafeSide safe) {
            return Percent.ZERO;
        }
    }

    @AfterEach
    void close() {
        kafka.close();
    }
}
