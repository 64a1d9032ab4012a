package dev.aviary.cli.replay;

import static dev.aviary.cli.replay.Recorder.CHECKOUT;
import static dev.aviary.cli.replay.Recorder.TOPICS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.aviary.analyzer.judge.Collecting;
import dev.aviary.analyzer.judge.JudgeTopology;
import dev.aviary.decisions.analysis.Wanted;
import dev.aviary.decisions.rollout.Desired;
import dev.aviary.decisions.rollout.RolloutDecider;
import dev.aviary.decisions.rollout.RolloutState;
import dev.aviary.eventlog.LoggedEvent;
import dev.aviary.eventlog.LoggedEvent.Taken;
import dev.aviary.eventlog.codec.Read;
import dev.aviary.eventlog.topics.Entry;
import dev.aviary.events.*;
import dev.aviary.events.WorkloadChanged.Role;
import dev.aviary.router.reconcile.Reconciler;
import dev.aviary.router.reconcile.SafeSide;
import dev.aviary.router.stream.Follower;
import dev.aviary.router.stream.RolloutTopology;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReplayTest {
    private static final MetricSpec SUCCESS = new MetricSpec(
            "request-success-rate", new MetricSpec.BuiltIn(), "1m", new Bounds(Optional.of(99.0), Optional.empty()));
    private static final CanarySpec SPEC = new CanarySpec(
            new WorkloadRef("Deployment", "checkout"),
            "gatewayapi:v1",
            "checkout",
            new Strategy.Progressive(List.of(Percent.of("5"), Percent.of("50")), Percent.ZERO),
            Duration.ofSeconds(60),
            2,
            Duration.ofMinutes(10),
            Duration.ofSeconds(1),
            100,
            100,
            List.of(SUCCESS),
            List.of(),
            false,
            false,
            false,
            false);
    private static final RolloutId FIRST = new RolloutId(1, "v1:b");

    @TempDir
    private Path folder;

    @Test
    void aRoutersDecisionsAreTheSameAgain() {
        try (var recorded = routed()) {
            assertThat(recorded.decisions())
                    .extracting(LoggedEvent::event)
                    .hasAtLeastOneElementOfType(StepStarted.class)
                    .hasAtLeastOneElementOfType(RollbackStarted.class);

            var result = rollout(recorded, recorded.log);

            assertThat(result.difference()).isEmpty();
            assertThat(result.proven()).isEqualTo(recorded.decisions().size()).isGreaterThan(5);
        }
    }

    @Test
    void theClocksDecisionsAreToo() {
        try (var recorded = new Recorder(folder, ReplayTest::router)) {
            underWay(recorded);
            recorded.pass(Duration.ofMinutes(11));
            var last = recorded.decisions().getLast();
            assertThat(last.event())
                    .isInstanceOfSatisfying(
                            RollbackStarted.class,
                            back -> assertThat(back.cause()).isEqualTo(RollbackStarted.Cause.DEADLINE));

            assertThat(rollout(recorded, recorded.log).difference()).isEmpty();

            recorded.pass(Duration.ofMinutes(2));
            recorded.hear(revision("v1:b"));
            var without = without(recorded.log, last);
            assertThat(rollout(recorded, without).difference().orElseThrow().sentence())
                    .contains("rollback-started.v1 is missing");
        }
    }

    @Test
    void aChangedFieldIsNamed() {
        try (var recorded = routed()) {
            var tampered = changed(recorded.log, RollbackStarted.class, logged -> because(logged, "nothing"));

            assertThat(rollout(recorded, tampered).difference()).hasValueSatisfying(found -> {
                assertThat(found.field()).isEqualTo("reasons[0]");
                assertThat(found.recorded()).isEqualTo("\"nothing\"");
                assertThat(found.recomputed()).contains("3 of 3");
            });
        }
    }

    @Test
    void eachDecisionThatIsTakenAwayIsMissed() {
        try (var recorded = routed()) {
            for (var gone : recorded.decisions()) {
                assertThat(rollout(recorded, without(recorded.log, gone)).difference())
                        .as("without %s", gone)
                        .isPresent();
            }
        }
    }

    @Test
    void aDecisionTooManyIsFound() {
        try (var recorded = routed()) {
            var last = recorded.decisions().getLast();
            var more = new ArrayList<>(recorded.log);
            more.add(entry(more.size(), recorded.now(), last));

            assertThat(rollout(recorded, more).difference().orElseThrow().sentence())
                    .contains("one too many");
        }
    }

    @Test
    void anotherVersionsDecisionIsSaidAndFolded() {
        try (var recorded = routed()) {
            var older = changed(
                    recorded.log,
                    StepStarted.class,
                    logged -> LoggedEvent.decision(
                            logged.id(), logged.event(), other(logged.taken().orElseThrow())));

            var result = rollout(recorded, older);

            assertThat(result.others()).containsExactly(Map.entry(RolloutDecider.VERSION + 1, 1L));
            assertThat(result.difference()).isEmpty();
            assertThat(result.proven()).isEqualTo(recorded.decisions().size() - 1);
        }
    }

    @Test
    void onlyTheRolloutThatIsAskedForIsJudged() {
        try (var recorded = routed()) {
            var tampered = changed(recorded.log, RollbackStarted.class, logged -> because(logged, "no"));

            var of = replay(
                    Deciding.ROLLOUT,
                    recorded,
                    tampered,
                    event -> event.ofRollout()
                            .filter(new RolloutId(7, "v1:z")::equals)
                            .isPresent());

            assertThat(of.difference()).isEmpty();
            assertThat(of.proven()).isZero();
        }
    }

    @Test
    void anAnalysisIsTheSameAgainAlthoughTwoTopicsMeet() {
        try (var recorded = analysed()) {
            assertThat(recorded.decisions())
                    .extracting(LoggedEvent::event)
                    .hasAtLeastOneElementOfType(CheckCompleted.class)
                    .hasAtLeastOneElementOfType(EvidenceRecorded.class);

            var result = replay(Deciding.ANALYSIS, recorded, recorded.log, _ -> true);

            assertThat(result.difference()).isEmpty();
            assertThat(result.proven()).isEqualTo(recorded.decisions().size());
        }
    }

    @Test
    void anotherMeasurementLeadsToAnotherCheck() {
        try (var recorded = analysed()) {
            recorded.measurements.set(
                    1, measured(1, recorded.measurements.get(1).timestamp(), look(0, 1, 50.0, recorded)));

            assertThat(replay(Deciding.ANALYSIS, recorded, recorded.log, _ -> true)
                            .difference()
                            .orElseThrow()
                            .event())
                    .isEqualTo("check-completed.v1");
        }
    }

    @Test
    void whatTheShadowPolicyMadeOfItIsTheSameAgain() {
        var stricter = new Policy.Metric(Optional.of(99.8), Optional.empty(), Optional.empty());
        var shadow = new Policy(
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                new TreeMap<>(Map.of(SUCCESS.name(), stricter)),
                Policy.Guard.NONE);
        try (var recorded = analysed(SPEC.with(Optional.of(ShadowSpec.of(shadow))))) {
            assertThat(recorded.decisions())
                    .extracting(LoggedEvent::event)
                    .filteredOn(ShadowDiffered.class::isInstance)
                    .extracting(said -> ((ShadowDiffered) said).shadow())
                    .containsExactly(ShadowDiffered.Course.FAILED, ShadowDiffered.Course.WENT_BACK);

            var result = replay(Deciding.ANALYSIS, recorded, recorded.log, _ -> true);

            assertThat(result.difference()).isEmpty();
            assertThat(result.proven()).isEqualTo(recorded.decisions().size());
            var said = recorded.decisions().stream()
                    .filter(logged -> logged.event() instanceof ShadowDiffered)
                    .findFirst()
                    .orElseThrow();
            assertThat(replay(Deciding.ANALYSIS, recorded, without(recorded.log, said), _ -> true)
                            .difference()
                            .orElseThrow()
                            .sentence())
                    .contains("shadow-differed.v1");
        }
    }

    private String question = "";

    private Recorder analysed() {
        return analysed(SPEC);
    }

    private Recorder analysed(CanarySpec spec) {
        var recorded = new Recorder(folder, this::analyzer);
        recorded.hear(new RolloutStarted(FIRST, "v1:a", "v1:b", List.of(), Plan.of(spec), Optional.empty()));
        for (int step = 0; step < 2; step++) {
            recorded.hear(new StepStarted(
                    FIRST,
                    step,
                    Percent.of(step == 0 ? "5" : "50"),
                    Percent.ZERO,
                    List.of(),
                    Recorder.NOON.plusSeconds(600)));
            recorded.hear(
                    new TrafficShifted(step + 3, Percent.of(step == 0 ? "5" : "50"), Percent.ZERO, Duration.ZERO));
            for (int look = 0; look < 2; look++) {
                recorded.pass(Duration.ofSeconds(60));
                recorded.measure(look(step, look, 99.5 - look, recorded));
                recorded.hear(ready(Role.TARGET, "v1:b"));
            }
            recorded.pass(Duration.ofMinutes(3)); // looks that never came: the clock's decisions
        }
        recorded.hear(new RolledBack(FIRST, Duration.ZERO, List.of("no")));
        return recorded;
    }

    private MetricsMeasured look(int step, int look, double rate, Recorder recorded) {
        assertThat(recorded.log).isNotEmpty();
        return new MetricsMeasured(
                FIRST,
                step,
                look,
                question,
                new TreeMap<>(Map.of(SUCCESS.name(), new Measurement.Value(rate))),
                List.of());
    }

    private org.apache.kafka.streams.Topology analyzer(java.time.InstantSource clock) {
        return JudgeTopology.of(
                TOPICS,
                new Collecting() {
                    @Override
                    public void want(CanaryKey canary, Wanted wanted) {
                        wanted.look().ifPresent(look -> question = look.question());
                    }

                    @Override
                    public void forget(CanaryKey canary) {}
                },
                clock,
                _ -> true);
    }

    private Recorder routed() {
        var recorded = new Recorder(folder, ReplayTest::router);
        underWay(recorded);
        recorded.hear(ready(Role.TARGET, "v1:b"));
        recorded.hear(shifted(recorded));
        recorded.hear(new GuardTripped(FIRST, 0, 3, "p99", 7.3, 0.001, "3 of 3 slower than 500 ms"));
        recorded.hear(shifted(recorded));
        return recorded;
    }

    private static void underWay(Recorder recorded) {
        recorded.hear(new CanaryApplied("uid", 1, SPEC));
        recorded.hear(revision("v1:a"));
        recorded.hear(new PrimaryUpdated(1, "v1:a", Duration.ZERO));
        recorded.hear(ready(Role.PRIMARY, "v1:a"));
        recorded.hear(new PrimaryInitialized(2, false, Percent.ZERO, Duration.ZERO));
        recorded.hear(revision("v1:b"));
    }

    private static TrafficShifted shifted(Recorder recorded) {
        var last = recorded.decisions().getLast();
        return new TrafficShifted(
                last.taken().orElseThrow().seq(),
                last.event() instanceof StepStarted step ? step.canary() : Percent.ZERO,
                Percent.ZERO,
                Duration.ZERO);
    }

    private static LoggedEvent because(LoggedEvent logged, String reason) {
        var was = (RollbackStarted) logged.event();
        return new LoggedEvent(
                logged.id(),
                new RollbackStarted(
                        was.rollout(), was.step(), was.cause(), was.failedChecks(), was.canary(), List.of(reason)),
                logged.taken());
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

    private static org.apache.kafka.streams.Topology router(java.time.InstantSource clock) {
        var reconciler = new Reconciler(Runnable::run, (_, _) -> {}, new Still(), (_, _) -> true, clock);
        return RolloutTopology.of(TOPICS, reconciler, new Unseen(), clock);
    }

    private static Replay.Result rollout(Recorder recorded, List<Entry> log) {
        return replay(Deciding.ROLLOUT, recorded, log, _ -> true);
    }

    private static Replay.Result replay(
            Deciding<?> deciding, Recorder recorded, List<Entry> log, Predicate<RolloutEvent> judged) {
        var replay = new Replay<>(
                deciding,
                Optional.of(new Replay.Measured(TOPICS.measurements(), 0)),
                recorded.measurements.iterator(),
                judged);
        log.forEach(replay::read);
        return replay.end(recorded.now().plusSeconds(60));
    }

    private static List<Entry> without(List<Entry> log, LoggedEvent gone) {
        return log.stream()
                .filter(entry -> !entry.read().equals(new Read.Event(gone)))
                .toList();
    }

    private static List<Entry> changed(
            List<Entry> log, Class<? extends RolloutEvent> type, UnaryOperator<LoggedEvent> change) {
        return log.stream()
                .map(entry -> entry.read() instanceof Read.Event(var logged) && type.isInstance(logged.event())
                        ? entry(entry.offset(), entry.timestamp(), change.apply(logged))
                        : entry)
                .toList();
    }

    private static Taken other(Taken taken) {
        return new Taken(taken.seq(), taken.after(), taken.decider() + 1, taken.now());
    }

    private static Entry entry(long offset, Instant at, LoggedEvent logged) {
        return new Entry(TOPICS.rolloutEvents(), 0, offset, at, CHECKOUT, new Read.Event(logged));
    }

    private static Entry measured(long offset, Instant at, RolloutEvent event) {
        return new Entry(
                TOPICS.measurements(), 0, offset, at, CHECKOUT, new Read.Event(LoggedEvent.fact("other", event)));
    }

    /// What the router does in the cluster is of no interest here: its outcomes are in the script.
    private static final class Still implements Reconciler.World {
        @Override
        public List<RouterOutcome> apply(
                CanaryKey canary, Desired desired, Desired confirmed, Instant since, Duration nextTry) {
            return List.of();
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

    private static final class Unseen implements Follower {
        @Override
        public void show(CanaryKey canary, Optional<RolloutState> before, RolloutState state) {}

        @Override
        public void forget(CanaryKey canary) {}
    }
}
