package dev.aviary.decisions.analysis;

import static dev.aviary.decisions.analysis.Analysis.INTERVAL;
import static dev.aviary.decisions.analysis.Analysis.NOON;
import static dev.aviary.decisions.analysis.Analysis.ROLLOUT;
import static dev.aviary.decisions.analysis.Analysis.hook;
import static dev.aviary.decisions.analysis.Analysis.measured;
import static dev.aviary.decisions.analysis.Analysis.rate;
import static dev.aviary.decisions.analysis.Analysis.shifted;
import static dev.aviary.decisions.analysis.Analysis.started;
import static dev.aviary.decisions.analysis.Analysis.step;
import static dev.aviary.events.Verdict.FAILED;
import static dev.aviary.events.Verdict.INCONCLUSIVE;
import static dev.aviary.events.Verdict.PASSED;
import static org.assertj.core.api.Assertions.assertThat;

import dev.aviary.decisions.analysis.Wanted.Gate;
import dev.aviary.decisions.analysis.Wanted.Look;
import dev.aviary.events.CanaryDeleted;
import dev.aviary.events.CheckCompleted;
import dev.aviary.events.EvidenceRecorded;
import dev.aviary.events.GateDecided;
import dev.aviary.events.GateDecided.Outcome;
import dev.aviary.events.GateRequested;
import dev.aviary.events.HookKind;
import dev.aviary.events.HookResult;
import dev.aviary.events.Measurement;
import dev.aviary.events.MetricsMeasured;
import dev.aviary.events.Percent;
import dev.aviary.events.RollbackStarted;
import dev.aviary.events.RolloutId;
import dev.aviary.events.Superseded;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class AnalysisDeciderTest {
    private static final RollbackStarted BACK =
            new RollbackStarted(ROLLOUT, 0, RollbackStarted.Cause.FAILED_CHECKS, 2, Percent.ZERO, List.of("because"));

    @Test
    void nothingIsLookedAtBeforeTheTrafficIsConfirmed() {
        var analysis = new Analysis().hear(started()).hear(step(0));
        assertThat(analysis.wanted().look()).isEmpty();

        analysis.pass(Duration.ofSeconds(7)).hear(shifted(3, 0));

        assertThat(analysis.wanted().look().map(Look::due)).contains(NOON.plusSeconds(67));
    }

    @Test
    void aLateAnswerToAnEarlierDecisionBeginsNothing() {
        var analysis = Analysis.ofFirstStep().hear(step(1)).hear(shifted(3, 0)).hear(shifted(3, 1));

        assertThat(analysis.wanted().look()).isEmpty();
    }

    @Test
    void aCheckIsDueAtTheEndOfEachInterval() {
        var analysis = Analysis.ofFirstStep()
                .pass(INTERVAL.plusMillis(40))
                .hear(measured(0, 0, rate(99.5)))
                .pass(INTERVAL)
                .hear(measured(0, 1, rate(99.5)));

        assertThat(analysis.checks()).extracting(CheckCompleted::look).containsExactly(0, 1);
        assertThat(analysis.wanted().look().map(Look::due)).contains(NOON.plusSeconds(180));
    }

    @Test
    void aMetricBelowItsBoundFailsTheCheckAndSaysSo() {
        var check = check(measured(0, 0, rate(93.10344827)));

        assertThat(check.verdict()).isEqualTo(FAILED);
        assertThat(check.reasons()).containsExactly("request-success-rate 93.1 is below 99");
    }

    @Test
    void aFailedHookFailsTheCheckWhateverTheMetricsSay() {
        var good = measured(0, 0, rate(100));
        var check = check(new MetricsMeasured(
                ROLLOUT,
                0,
                0,
                good.question(),
                good.metrics(),
                List.of(new HookResult("smoke", true, ""), new HookResult("load", false, "503 busy"))));

        assertThat(check.verdict()).isEqualTo(FAILED);
        assertThat(check.reasons()).containsExactly("webhook load: 503 busy");
    }

    @Test
    void aMetricThatWasNotMeasuredIsNoVerdict() {
        var good = measured(0, 0, rate(100));
        var check = check(new MetricsMeasured(ROLLOUT, 0, 0, good.question(), new TreeMap<>(), List.of()));

        assertThat(check.verdict()).isEqualTo(INCONCLUSIVE);
    }

    @Test
    void aRepeatedLookIsDropped() {
        var analysis = Analysis.ofFirstStep()
                .pass(INTERVAL)
                .hear(measured(0, 0, rate(93)))
                .hear(measured(0, 0, rate(93)));

        assertThat(analysis.checks()).hasSize(1);
    }

    @Test
    void aMeasurementOfAnotherStepRolloutOrQuestionIsDropped() {
        var mine = measured(0, 0, rate(93));
        var analysis = Analysis.ofFirstStep()
                .pass(INTERVAL)
                .hear(measured(1, 0, rate(93)))
                .hear(new MetricsMeasured(new RolloutId(2, "v1:two"), 0, 0, mine.question(), mine.metrics(), List.of()))
                .hear(new MetricsMeasured(ROLLOUT, 0, 0, "another", mine.metrics(), List.of()));

        assertThat(analysis.said()).isEmpty();
    }

    @Test
    void aLookThatNobodyTookIsSaidAndTheNextOneIsDue() {
        var analysis = Analysis.ofFirstStep().pass(Duration.ofSeconds(130));

        assertThat(analysis.checks()).singleElement().satisfies(check -> {
            assertThat(check.verdict()).isEqualTo(INCONCLUSIVE);
            assertThat(check.reasons()).singleElement().asString().startsWith("no measurement came in time");
        });
        assertThat(analysis.wanted().look().map(Look::due)).contains(NOON.plusSeconds(126));
    }

    @Test
    void aLookThatTookLongerThanAnIntervalSkipsTheOnesBetween() {
        var slow = new dev.aviary.events.HookSpec("tests", HookKind.ROLLOUT, Duration.ofMinutes(5), 0, false);
        var analysis = Analysis.ofFirstStep(slow).pass(Duration.ofSeconds(190)).hear(measured(0, 0, rate(100)));

        assertThat(analysis.checks()).extracting(CheckCompleted::verdict).containsExactly(PASSED);
        assertThat(analysis.wanted().look().map(Look::look)).contains(1);
        assertThat(analysis.wanted().look().map(Look::due)).contains(NOON.plusSeconds(240));
    }

    @Test
    void aLookThatToldNothingIsTakenAgainSoon() {
        var analysis = Analysis.ofFirstStep().pass(INTERVAL).hear(measured(0, 0, new Measurement.NoData()));
        assertThat(analysis.wanted().look().map(Look::due)).contains(NOON.plusSeconds(66));

        analysis.pass(Duration.ofSeconds(6)).hear(measured(0, 1, rate(99.5)));
        assertThat(analysis.checks()).extracting(CheckCompleted::verdict).containsExactly(INCONCLUSIVE, PASSED);
        assertThat(analysis.wanted().look().map(Look::due)).contains(NOON.plusSeconds(120)); // on the grid again
    }

    @Test
    void theEvidenceOfAStepIsRecordedWhenItEnds() {
        var look = measured(0, 0, rate(99.5));
        var analysis = Analysis.ofFirstStep().pass(INTERVAL).hear(look).hear(step(1));

        assertThat(analysis.said()).last().isEqualTo(new EvidenceRecorded(ROLLOUT, 0, List.of(look)));
        assertThat(analysis.wanted().look()).isEmpty();
    }

    @Test
    void aStepThatGoesOnForLongRecordsItsEvidenceInParts() {
        var analysis = Analysis.ofFirstStep();
        for (int look = 0; look < 250; look++) {
            analysis.pass(INTERVAL).hear(measured(0, look, rate(99.5)));
        }
        analysis.hear(BACK);

        assertThat(analysis.said().stream().filter(EvidenceRecorded.class::isInstance))
                .extracting(event -> ((EvidenceRecorded) event).looks().size())
                .containsExactly(100, 100, 50);
    }

    @Test
    void theSameStepAgainGoesOnWithItsLooks() {
        var analysis = Analysis.ofFirstStep().pass(INTERVAL).hear(measured(0, 0, rate(99.5)));
        analysis.hear(step(0)).hear(shifted(5, 0));

        assertThat(analysis.wanted().look().map(Look::look)).contains(1);
        assertThat(analysis.said()).noneMatch(EvidenceRecorded.class::isInstance);
    }

    @Test
    void everyWayToTheEndOfARolloutEndsItsLooksAndGates() {
        for (var end : List.of(BACK, new Superseded(ROLLOUT, "v1:three"), new CanaryDeleted("uid", false))) {
            var analysis = Analysis.ofFirstStep(hook(HookKind.ROLLBACK))
                    .hear(new GateRequested(ROLLOUT, HookKind.ROLLBACK, -1))
                    .hear(end);

            assertThat(analysis.wanted()).isEqualTo(Wanted.NOTHING);
        }
    }

    @Test
    void whatIsSaidOfAnotherRolloutEndsNothing() {
        var analysis = Analysis.ofFirstStep().hear(new Superseded(new RolloutId(7, "v1:old"), "v1:two"));

        assertThat(analysis.wanted().look()).isPresent();
    }

    @Test
    void aGateIsAskedUntilItOpens() {
        var analysis = Analysis.ofFirstStep(hook(HookKind.CONFIRM_PROMOTION))
                .hear(new GateRequested(ROLLOUT, HookKind.CONFIRM_PROMOTION, 0))
                .hear(gate(HookKind.CONFIRM_PROMOTION, 0, Outcome.CLOSED));
        assertThat(analysis.wanted().gates()).singleElement().satisfies(gate -> {
            assertThat(gate.attempt()).isEqualTo(1);
            assertThat(gate.answer()).contains(Outcome.CLOSED);
            assertThat(gate.hooks()).containsExactly(hook(HookKind.CONFIRM_PROMOTION));
        });
        assertThat(analysis.wanted().look()).isPresent(); // the analysis goes on meanwhile

        analysis.hear(gate(HookKind.CONFIRM_PROMOTION, 1, Outcome.OPENED));

        assertThat(analysis.wanted().gates()).isEmpty();
    }

    @Test
    void aGateThatIsRequestedAgainIsAnsweredAgain() {
        var analysis = Analysis.ofFirstStep(hook(HookKind.CONFIRM_PROMOTION))
                .hear(new GateRequested(ROLLOUT, HookKind.CONFIRM_PROMOTION, 0))
                .hear(gate(HookKind.CONFIRM_PROMOTION, 0, Outcome.CLOSED))
                .hear(new GateRequested(ROLLOUT, HookKind.CONFIRM_PROMOTION, 0));

        assertThat(analysis.wanted().gates()).singleElement().satisfies(gate -> {
            assertThat(gate.attempt()).isEqualTo(1);
            assertThat(gate.answer()).isEmpty();
        });
    }

    @Test
    void aLaterStepNeedsAnEarlierGateNoMoreButRollbackStays() {
        var analysis = Analysis.ofFirstStep()
                .hear(new GateRequested(ROLLOUT, HookKind.ROLLBACK, -1))
                .hear(new GateRequested(ROLLOUT, HookKind.CONFIRM_TRAFFIC_INCREASE, 1))
                .hear(step(1));

        assertThat(analysis.wanted().gates()).extracting(Gate::kind).containsExactly(HookKind.ROLLBACK);
    }

    @Test
    void aRefusalThatCountsIsAskedForOncePerInterval() {
        var analysis = Analysis.ofFirstStep()
                .hear(new GateRequested(ROLLOUT, HookKind.PRE_ROLLOUT, 0))
                .hear(new GateRequested(ROLLOUT, HookKind.CONFIRM_PROMOTION, 0));

        assertThat(analysis.wanted().gates()).extracting(Gate::every).containsExactly(INTERVAL, Duration.ofSeconds(10));
    }

    @Test
    void aTickThatIsNotDueDecidesNothing() {
        var state = Analysis.ofFirstStep().state;
        Instant early = AnalysisDecider.nextDue(state).orElseThrow().minusMillis(1);

        assertThat(AnalysisDecider.decide(state, new AnalysisInput.Tick(), early))
                .isEmpty();
    }

    private static CheckCompleted check(MetricsMeasured measured) {
        return Analysis.ofFirstStep().pass(INTERVAL).hear(measured).checks().getFirst();
    }

    private static GateDecided gate(HookKind kind, int attempt, Outcome outcome) {
        return new GateDecided(ROLLOUT, kind, 0, attempt, outcome, kind.word(), Optional.of(403), "said no");
    }
}
