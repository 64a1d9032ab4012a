package dev.aviary.analyzer.collect;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import dev.aviary.analyzer.Samples;
import dev.aviary.decisions.analysis.Wanted;
import dev.aviary.events.AnalyzerEvent;
import dev.aviary.events.CanaryKey;
import dev.aviary.events.Count;
import dev.aviary.events.GateDecided;
import dev.aviary.events.GateDecided.Outcome;
import dev.aviary.events.HookKind;
import dev.aviary.events.Measurement;
import dev.aviary.events.MetricsMeasured;
import dev.aviary.events.RequestsCounted;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class CollectorTest {
    private static final Instant NOON = Instant.parse("2026-01-01T12:00:00Z");
    private static final CanaryKey CHECKOUT = Samples.CHECKOUT;

    private record Task(Instant at, Runnable what) {}

    private final PriorityQueue<Task> later = new PriorityQueue<>(Comparator.comparing(Task::at));
    private final List<AnalyzerEvent> said = new ArrayList<>();
    private final List<Integer> looks = new ArrayList<>();
    private final Deque<Count> counts = new ArrayDeque<>();
    private Instant now = NOON;
    private Outcome answer = Outcome.CLOSED;
    private boolean logIsAway;
    private int sessions;

    private final Collector collector = new Collector(
            Runnable::run,
            (time, task) -> later.add(new Task(now.plus(time), task)),
            () -> now,
            new World() {
                @Override
                public MetricsMeasured look(CanaryKey canary, Wanted.Look look) {
                    looks.add(look.look());
                    return Samples.measured(look, new Measurement.Value(99.9));
                }

                @Override
                public GateDecided ask(CanaryKey canary, Wanted.Gate gate, int attempt) {
                    return new GateDecided(
                            gate.rollout(), gate.kind(), gate.step(), attempt, answer, "ask", Optional.of(403), "no");
                }
            },
            (_, _, _) -> {
                sessions++;
                return () -> new TreeMap<>(Map.of("request-success-rate", counts.removeFirst()));
            },
            (_, event) -> !logIsAway && said.add(event));

    @Test
    void aLookIsTakenWhenItIsDue() {
        collector.want(CHECKOUT, look(0, 60));
        pass(Duration.ofSeconds(60).minusMillis(1));
        assertThat(said).isEmpty();

        pass(Duration.ofMillis(1));

        assertThat(said).singleElement().isInstanceOf(MetricsMeasured.class);
    }

    @Test
    void aWishThatIsRepeatedIsNotTakenTwice() {
        collector.want(CHECKOUT, look(0, 60));
        collector.want(CHECKOUT, look(0, 60));
        pass(Duration.ofMinutes(2));

        assertThat(looks).containsExactly(0);
    }

    @Test
    void aLookThatFallsDueEarlierIsTakenThenAndNotAgain() {
        collector.want(CHECKOUT, look(0, 60));
        pass(Duration.ofSeconds(8));
        collector.want(CHECKOUT, look(0, 8));
        assertThat(looks).containsExactly(0);
        pass(Duration.ofMinutes(2));

        assertThat(looks).containsExactly(0);
    }

    @Test
    void aLookThatWasMissedIsTakenAtOnceUnlessItsTimeIsOver() {
        now = NOON.plusSeconds(90);
        collector.want(CHECKOUT, look(0, 60));
        assertThat(looks).containsExactly(0);

        now = NOON.plusSeconds(300);
        collector.want(CHECKOUT, look(1, 120));
        assertThat(looks).containsExactly(0);
    }

    @Test
    void aLookThatIsNoLongerWantedIsNotTaken() {
        collector.want(CHECKOUT, look(0, 60));
        collector.want(CHECKOUT, Wanted.NOTHING);
        pass(Duration.ofMinutes(2));

        assertThat(looks).isEmpty();
    }

    @Test
    void aMeasurementIsSaidAgainUntilTheLogHasIt() {
        logIsAway = true;
        collector.want(CHECKOUT, look(0, 60));
        pass(Duration.ofSeconds(63));
        assertThat(said).isEmpty();

        logIsAway = false;
        pass(Duration.ofSeconds(1));

        assertThat(said).hasSize(1);
        assertThat(looks).containsExactly(0);
    }

    @Test
    void aGateIsAskedAtOnceAndItsAnswerSaidOnceUntilItChanges() {
        collector.want(CHECKOUT, gate(HookKind.CONFIRM_PROMOTION, Optional.empty()));
        collector.want(CHECKOUT, gate(HookKind.CONFIRM_PROMOTION, Optional.of(Outcome.CLOSED))); // read back
        pass(Duration.ofSeconds(35));
        assertThat(outcomes()).containsExactly(Outcome.CLOSED);

        answer = Outcome.OPENED;
        pass(Duration.ofSeconds(10));
        collector.want(CHECKOUT, Wanted.NOTHING);
        pass(Duration.ofMinutes(1));

        assertThat(outcomes()).containsExactly(Outcome.CLOSED, Outcome.OPENED);
    }

    @Test
    void eachRefusalOfPreRolloutIsSaidWithAnAttemptOfItsOwn() {
        collector.want(CHECKOUT, gate(HookKind.PRE_ROLLOUT, Optional.empty()));
        collector.want(CHECKOUT, gate(HookKind.PRE_ROLLOUT, Optional.of(Outcome.CLOSED)));
        pass(Duration.ofSeconds(20));

        assertThat(said).extracting(event -> ((GateDecided) event).attempt()).containsExactly(0, 1, 2);
    }

    @Test
    void whatAnotherInstanceHasNowIsLeftAlone() {
        collector.want(CHECKOUT, look(0, 60));
        collector.forget(CHECKOUT);
        pass(Duration.ofMinutes(2));

        assertThat(looks).isEmpty();
    }

    @Test
    void theGuardLooksAgainAndAgainUntilItIsNoLongerWanted() {
        counts.addAll(List.of(counted(3), counted(4), counted(5)));
        collector.want(CHECKOUT, guard(7));
        collector.want(CHECKOUT, guard(8)); // read back
        pass(Duration.ofMillis(1500));
        collector.want(CHECKOUT, Wanted.NOTHING);
        pass(Duration.ofSeconds(5));

        assertThat(said).extracting(event -> ((RequestsCounted) event).look()).containsExactly(7, 8);
        assertThat(counts).hasSize(1);
    }

    @Test
    void aLookThatIsPlannedComesSoonerOnceTheGuardWantsThat() {
        counts.addAll(List.of(counted(3), counted(4), counted(5), counted(6)));
        collector.want(CHECKOUT, guard(0));
        pass(Duration.ofMillis(100));
        collector.want(CHECKOUT, guard(1, Duration.ofMillis(250)));
        pass(Duration.ofMillis(149));
        assertThat(said).hasSize(1);

        pass(Duration.ofMillis(1));
        assertThat(said).hasSize(2);
        collector.want(CHECKOUT, guard(2, Duration.ofMillis(250)));
        pass(Duration.ofMillis(250));
        assertThat(said).hasSize(3);
        collector.want(CHECKOUT, guard(3, Duration.ofSeconds(1))); // one that is planned already stays
        pass(Duration.ofMillis(250));
        assertThat(said).hasSize(4);
        pass(Duration.ofMillis(999));

        assertThat(said).hasSize(4);
        collector.want(CHECKOUT, Wanted.NOTHING);
    }

    @Test
    void theFirstStepBeginsToCountAnew() {
        counts.addAll(List.of(counted(3), counted(4), counted(5)));
        collector.want(CHECKOUT, guard(-1, 0, Duration.ofSeconds(1)));
        pass(Duration.ofMillis(1500));
        collector.want(CHECKOUT, guard(2));
        pass(Duration.ofMillis(500));
        collector.want(CHECKOUT, Wanted.NOTHING);

        assertThat(said)
                .extracting(event -> ((RequestsCounted) event).step(), event -> ((RequestsCounted) event).look())
                .containsExactly(tuple(-1, 0), tuple(-1, 1), tuple(0, 2));
        assertThat(sessions).isEqualTo(2);
    }

    @Test
    void aLookThatTellsNothingNewIsNotSaid() {
        counts.addAll(List.of(counted(), counted(), new Count.Unread("away"), new Count.Unread("away"), counted(2)));
        collector.want(CHECKOUT, guard(0));
        pass(Duration.ofMillis(4500));
        collector.want(CHECKOUT, Wanted.NOTHING);
        pass(Duration.ofSeconds(1));

        assertThat(said)
                .extracting(event -> ((RequestsCounted) event).metrics().get("request-success-rate"))
                .containsExactly(counted(), new Count.Unread("away"), counted(2));
    }

    @Test
    void whatWasCountedIsSaidOnceTheLogIsBack() {
        counts.addAll(List.of(counted(3), counted(4)));
        logIsAway = true;
        collector.want(CHECKOUT, guard(0));
        pass(Duration.ofMillis(2500));
        logIsAway = false;
        pass(Duration.ofSeconds(1));

        assertThat(said)
                .extracting(event -> ((RequestsCounted) event).metrics().get("request-success-rate"))
                .containsExactly(counted(3));
        collector.want(CHECKOUT, Wanted.NOTHING);
    }

    @Test
    void aLookThatFailsIsNotTheLastOne() {
        collector.want(CHECKOUT, guard(0)); // nothing to count: it throws
        counts.add(counted(3));
        pass(Duration.ofSeconds(1));
        collector.want(CHECKOUT, Wanted.NOTHING);

        assertThat(said).hasSize(1);
    }

    private static Count counted(long... requests) {
        return new Count.Counted(
                Count.Source.PODS,
                0.01,
                "failed",
                Optional.empty(),
                Arrays.stream(requests)
                        .mapToObj(total -> new Count.PodCount("pod", "node", Count.Side.CANARY, 0, total))
                        .toList());
    }

    private static Wanted guard(int look) {
        return guard(look, Duration.ofSeconds(1));
    }

    private static Wanted guard(int look, Duration every) {
        return guard(0, look, every);
    }

    private static Wanted guard(int step, int look, Duration every) {
        var spec = Samples.spec(Duration.ofSeconds(60), List.of(Samples.SUCCESS));
        return new Wanted(
                Optional.empty(),
                List.of(),
                Optional.of(new Wanted.Guard(Samples.ROLLOUT, step, look, every, "hash", spec)));
    }

    private void pass(Duration time) {
        var until = now.plus(time);
        while (!later.isEmpty() && !later.peek().at().isAfter(until)) {
            var task = later.remove();
            now = task.at().isAfter(now) ? task.at() : now;
            task.what().run();
        }
        now = until;
    }

    private List<Outcome> outcomes() {
        return said.stream().map(event -> ((GateDecided) event).outcome()).toList();
    }

    private static Wanted look(int look, long dueSeconds) {
        var spec = Samples.spec(Duration.ofSeconds(60), List.of(Samples.SUCCESS));
        var due = NOON.plusSeconds(dueSeconds);
        return new Wanted(
                Optional.of(new Wanted.Look(Samples.ROLLOUT, 0, look, due, due.plusSeconds(60), "hash", spec)),
                List.of());
    }

    private static Wanted gate(HookKind kind, Optional<Outcome> said) {
        var spec = Samples.spec(Duration.ofSeconds(10), List.of(Samples.SUCCESS), Samples.hook(kind));
        return new Wanted(
                Optional.empty(),
                List.of(new Wanted.Gate(Samples.ROLLOUT, kind, 0, 0, said, Duration.ofSeconds(10), spec)));
    }
}
