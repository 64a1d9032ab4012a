package dev.aviary.decisions.analysis;

import static dev.aviary.decisions.analysis.Analysis.ROLLOUT;
import static dev.aviary.decisions.analysis.Analysis.SUCCESS;
import static dev.aviary.decisions.analysis.Analysis.rate;
import static org.assertj.core.api.Assertions.assertThat;

import dev.aviary.decisions.CanaryLike;
import dev.aviary.events.AnalyzerEvent;
import dev.aviary.events.CheckCompleted;
import dev.aviary.events.Count;
import dev.aviary.events.Count.Counted;
import dev.aviary.events.Count.PodCount;
import dev.aviary.events.Count.Side;
import dev.aviary.events.Count.Source;
import dev.aviary.events.EvidenceRecorded;
import dev.aviary.events.GuardResult.State;
import dev.aviary.events.GuardResult.Tally;
import dev.aviary.events.GuardSpec;
import dev.aviary.events.GuardSpec.Mode;
import dev.aviary.events.GuardTripped;
import dev.aviary.events.Measurement;
import dev.aviary.events.RequestsCounted;
import dev.aviary.events.RollbackStarted;
import dev.aviary.events.Verdict;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// One metric, 1 failure in 100 allowed, α = .001.
class GuardDeciderTest {
    private static final Duration SECOND = Duration.ofSeconds(1);

    @Test
    void theFirstLookThatProvesItStopsTheReleaseOnce() {
        var analysis = guarded(Mode.BOUND);
        look(analysis, 0, counted(5, 5));
        assertThat(trips(analysis)).isEmpty();
        look(analysis, 1, counted(1, 1));
        look(analysis, 2, counted(2, 2));
        look(analysis, 3, counted(2, 2));
        look(analysis, 4, counted(5, 5));

        assertThat(trips(analysis)).singleElement().satisfies(trip -> {
            assertThat(trip.look()).isEqualTo(2);
            assertThat(trip.metric()).isEqualTo(SUCCESS.name());
            assertThat(trip.logEvidence()).isGreaterThan(StrictMath.log(1000));
            assertThat(trip.alpha()).isEqualTo(.001);
            assertThat(trip.reason())
                    .isEqualTo(
                            "request-success-rate: 3 of 3 requests failed, where 1 in 100 may: proven 2.0 s after the"
                                    + " first one; chance of a false alarm at most 0.1 %");
            assertThat(trip.guard()).singleElement().satisfies(result -> {
                assertThat(result.state()).isEqualTo(State.FAILING);
                assertThat(result.canary()).isEqualTo(new Tally(3, 3));
                assertThat(result.burnIn()).isEqualTo(5);
            });
        });
        assertThat(analysis.wanted().guard()).isEmpty();
    }

    @Test
    void aContainerThatRestartsHasFirstRequestsAnewTwice() {
        var analysis = guarded(Mode.BOUND);
        look(analysis, 0, counted(5, 5));
        look(analysis, 1, inLife(1, 5));
        look(analysis, 2, inLife(2, 5));
        assertThat(trips(analysis)).isEmpty();
        look(analysis, 3, inLife(3, 2));
        assertThat(trips(analysis)).isEmpty();

        look(analysis, 4, inLife(4, 1));

        assertThat(trips(analysis))
                .singleElement()
                .satisfies(trip -> assertThat(trip.guard().getFirst().canary()).isEqualTo(new Tally(3, 3)));
    }

    @Test
    void aRepeatedLookCountsOnceAndAnotherQuestionNever() {
        var analysis = guarded(Mode.BOUND);
        look(analysis, 0, counted(5, 5));
        IntStream.range(0, 5).forEach(_ -> look(analysis, 1, counted(1, 1)));
        analysis.hear(
                new RequestsCounted(ROLLOUT, 0, 2, "another", new TreeMap<>(Map.of(SUCCESS.name(), counted(9, 9)))));

        assertThat(trips(analysis)).isEmpty();
        assertThat(analysis.wanted().guard().orElseThrow().look()).isEqualTo(2);
    }

    @Test
    void inTheShadowItIsMeasuredAndDoesNotAct() {
        var analysis = guarded(Mode.SHADOW);
        look(analysis, 0, counted(20, 20));
        measured(analysis);

        assertThat(trips(analysis)).isEmpty();
        assertThat(analysis.checks().getLast().guard())
                .singleElement()
                .satisfies(result -> assertThat(result.state()).isEqualTo(State.FAILING));
    }

    @Test
    void offMeansNoLooks() {
        assertThat(guarded(Mode.OFF).wanted().guard()).isEmpty();
        assertThat(guarded(Mode.BOUND).wanted().guard()).isPresent();
    }

    @Test
    void noTrafficAndNoDataAreNotFailingAndSaySo() {
        var analysis = guarded(Mode.BOUND);
        look(analysis, 0, counted(0, 0));
        measured(analysis);
        assertThat(guard(analysis)).isEqualTo(State.NO_TRAFFIC);
        look(analysis, 1, new Count.Unread("pod checkout-1: no answer within 400 ms"));
        measured(analysis);
        assertThat(guard(analysis)).isEqualTo(State.NO_DATA);
        look(analysis, 2, counted(0, 30));
        measured(analysis);
        assertThat(guard(analysis)).isEqualTo(State.HEALTHY);
        assertThat(analysis.checks().getLast().guard().getFirst().sentence())
                .isEqualTo(
                        "request-success-rate: 0 of 25 requests failed, where 1 in 100 may: healthy so far, needs about 43"
                                + " more requests to rule out 5 %; none came in the last 59 s: let a webhook of type rollout"
                                + " send some, or make the first weight larger");
        look(analysis, 3, new Count.ThresholdOnly("max() has no counts behind it"));
        measured(analysis);
        assertThat(guard(analysis)).isEqualTo(State.THRESHOLD_ONLY);
        assertThat(trips(analysis)).isEmpty();
    }

    @Test
    void theEvidenceGoesOnOverTheStepsAndItsLooksAreRecordedOnce() {
        var analysis = guarded(Mode.BOUND);
        look(analysis, 0, counted(5, 5));
        look(analysis, 1, counted(2, 2));
        analysis.hear(Analysis.step(1)).hear(Analysis.shifted(4, 1));
        look(analysis, 2, counted(1, 1));
        analysis.hear(new RollbackStarted(
                ROLLOUT, 1, RollbackStarted.Cause.GUARD, 0, Analysis.WEIGHTS.get(1), List.of("proven")));

        assertThat(trips(analysis)).hasSize(1);
        assertThat(all(analysis, EvidenceRecorded.class).flatMap(said -> said.counted().stream()))
                .extracting(look -> look.look(), look -> look.canary())
                .containsExactly(
                        org.assertj.core.groups.Tuple.tuple(0, Tally.NONE), // the first requests
                        org.assertj.core.groups.Tuple.tuple(1, new Tally(2, 2)),
                        org.assertj.core.groups.Tuple.tuple(2, new Tally(1, 1)));
    }

    @Test
    void looksComeQuickerFromTheFirstFailureUntilItIsPastAndProvesNothing() {
        var analysis = guarded(Mode.BOUND);
        look(analysis, 0, counted(0, 5));
        assertThat(every(analysis)).isEqualTo(SECOND);

        look(analysis, 1, counted(1, 2));
        assertThat(every(analysis)).isEqualTo(GuardSpec.FASTEST);
        IntStream.range(2, 11).forEach(look -> look(analysis, look, counted(0, 20)));
        assertThat(every(analysis)).isEqualTo(GuardSpec.FASTEST);
        look(analysis, 11, counted(0, 20));

        assertThat(every(analysis)).isEqualTo(SECOND);
    }

    @Test
    void looksStayQuickWhileMoreFailThanMay() {
        var analysis = guarded(Mode.BOUND);
        look(analysis, 0, counted(1, 10));
        IntStream.range(1, 20).forEach(look -> look(analysis, look, counted(0, 5)));
        assertThat(every(analysis)).isEqualTo(SECOND);

        look(analysis, 20, counted(2, 5));
        assertThat(every(analysis)).isEqualTo(GuardSpec.FASTEST);
        IntStream.range(21, 60).forEach(look -> look(analysis, look, counted(0, 50)));
        assertThat(every(analysis)).isEqualTo(SECOND);
        assertThat(trips(analysis)).isEmpty();
    }

    @Test
    void harmThatIsProvenInTheShadowIsNotHurriedFor() {
        var analysis = guarded(Mode.SHADOW);
        look(analysis, 0, counted(9, 9));
        IntStream.range(1, 12).forEach(look -> look(analysis, look, counted(5, 5)));

        assertThat(every(analysis)).isEqualTo(SECOND);
    }

    private static Duration every(Analysis analysis) {
        return analysis.wanted().guard().orElseThrow().every();
    }

    @Test
    void aCheckSaysHowManyMoreRequestsItNeedsAndHowLongTheyTake() {
        var analysis = guarded(Mode.BOUND);
        for (int look = 0; look < 55; look++) {
            look(analysis, look, counted(0, 1));
        }
        measured(analysis);

        var check = analysis.checks().getLast();
        var result = check.guard().getFirst();
        assertThat(result.windows()).hasValue(50L);
        assertThat(result.needs()).hasValueSatisfying(needs -> {
            assertThat(needs.ratio()).isEqualTo(.05);
            assertThat(needs.proof()).isFalse();
            assertThat(needs.requests()).isEqualTo(18);
            assertThat(needs.time())
                    .hasValueSatisfying(time -> assertThat(time).isBetween(SECOND, SECOND.multipliedBy(25)));
        });
        assertThat(check.reasons())
                .containsExactly("request-success-rate 100 is at least 99; 0 of 50 requests failed, where 1 in 100 may:"
                        + " healthy so far, needs about 18 more requests to rule out 5 %, about 20 s at the present"
                        + " traffic");
    }

    @Test
    void whatIsWorseThanAllowedNeedsMoreUntilItIsProvenAndEnoughIsEnough() {
        var worse = guarded(Mode.BOUND);
        look(worse, 0, counted(0, 5));
        look(worse, 1, counted(0, 40));
        look(worse, 2, counted(3, 10));
        measured(worse);
        var result = worse.checks().getLast().guard().getFirst();
        assertThat(result.state()).isEqualTo(State.HEALTHY);
        assertThat(result.needs()).hasValueSatisfying(needs -> {
            assertThat(needs.proof()).isTrue();
            assertThat(needs.ratio()).isEqualTo(.06);
        });
        assertThat(result.sentence()).contains("3 of 50 requests failed", "not proven yet, needs about");

        var well = guarded(Mode.BOUND);
        look(well, 0, counted(0, 500));
        measured(well);
        assertThat(well.checks().getLast().guard().getFirst().needs()).isEmpty();
        assertThat(well.checks().getLast().guard().getFirst().sentence()).endsWith("healthy so far, 5 % is ruled out");
    }

    @Test
    void noTrafficFailsNoReleaseByItselfButAsInFlaggerWhereThatIsAskedFor() {
        for (boolean strict : new boolean[] {false, true}) {
            var analysis = guarded(Mode.BOUND, strict);
            look(analysis, 0, counted(0, 0));
            var due = analysis.wanted().look().orElseThrow();
            analysis.now = due.due();
            analysis.hear(Analysis.measured(due.step(), due.look(), new Measurement.NoData()));

            var check = analysis.checks().getLast();
            assertThat(check.verdict()).isEqualTo(strict ? Verdict.FAILED : Verdict.INCONCLUSIVE);
            assertThat(check.guard().getFirst().state()).isEqualTo(State.NO_TRAFFIC);
            assertThat(check.reasons())
                    .singleElement()
                    .asString()
                    .contains("the canary has had no requests yet: let a webhook of type rollout send some");
            assertThat(trips(analysis)).isEmpty();
        }
    }

    private static State guard(Analysis analysis) {
        return analysis.checks().getLast().guard().getFirst().state();
    }

    private static List<GuardTripped> trips(Analysis analysis) {
        return all(analysis, GuardTripped.class).toList();
    }

    private static <E extends AnalyzerEvent> Stream<E> all(Analysis analysis, Class<E> type) {
        return analysis.said().stream().filter(type::isInstance).map(type::cast);
    }

    private static void measured(Analysis analysis) {
        var due = analysis.wanted().look().orElseThrow();
        analysis.now = due.due();
        analysis.hear(Analysis.measured(due.step(), due.look(), rate(100)));
        assertThat(analysis.said()).last().isInstanceOf(CheckCompleted.class);
    }

    private static void look(Analysis analysis, int look, Count count) {
        analysis.now = analysis.now.plus(SECOND);
        analysis.hear(new RequestsCounted(
                ROLLOUT, 0, look, Question.of(List.of(SUCCESS)), new TreeMap<>(Map.of(SUCCESS.name(), count))));
    }

    private static Count inLife(int life, long failures) {
        return new Counted(
                Source.PODS,
                .01,
                "failed",
                Optional.empty(),
                List.of(new PodCount("checkout-1", "node", Side.CANARY, failures, failures, Optional.of(life))));
    }

    private static Count counted(long failures, long total) {
        return new Counted(
                Source.PODS,
                .01,
                "failed",
                Optional.empty(),
                List.of(
                        new PodCount("checkout-1", "node", Side.CANARY, failures, total),
                        new PodCount("checkout-primary-1", "node", Side.PRIMARY, 0, 95)));
    }

    private static Analysis guarded(Mode mode) {
        return guarded(mode, false);
    }

    private static Analysis guarded(Mode mode, boolean strict) {
        return Analysis.ofFirstStep(CanaryLike.of(Analysis.spec())
                .guard(guard -> guard.mode(mode))
                .strict(strict)
                .spec());
    }
}
