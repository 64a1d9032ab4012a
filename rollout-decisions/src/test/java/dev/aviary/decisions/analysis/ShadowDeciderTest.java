package dev.aviary.decisions.analysis;

import static dev.aviary.decisions.analysis.Analysis.ROLLOUT;
import static dev.aviary.decisions.analysis.Analysis.SUCCESS;
import static dev.aviary.decisions.analysis.Analysis.rate;
import static org.assertj.core.api.Assertions.assertThat;

import dev.aviary.decisions.CanaryLike;
import dev.aviary.decisions.GuardLike;
import dev.aviary.events.Bounds;
import dev.aviary.events.BudgetSpent;
import dev.aviary.events.Count.Counted;
import dev.aviary.events.Count.PodCount;
import dev.aviary.events.Count.Side;
import dev.aviary.events.Count.Source;
import dev.aviary.events.GuardSpec;
import dev.aviary.events.GuardSpec.Suspect;
import dev.aviary.events.GuardTripped;
import dev.aviary.events.MetricSpec;
import dev.aviary.events.Percent;
import dev.aviary.events.PodReplacementStarted;
import dev.aviary.events.PodSuspected;
import dev.aviary.events.Policy;
import dev.aviary.events.RequestsCounted;
import dev.aviary.events.RollbackStarted;
import dev.aviary.events.RollbackStarted.Cause;
import dev.aviary.events.ShadowDiffered;
import dev.aviary.events.ShadowDiffered.Course;
import dev.aviary.events.ShadowSpec;
import dev.aviary.events.StepHeld;
import dev.aviary.events.Verdict;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/// The acting policy: at least 99 % succeed, two failed checks take it back, a guard at α = .001.
class ShadowDeciderTest {
    @Test
    void aCheckThatWouldHaveFailedIsSaidAndTheOneThatTakesItBackIsTheLast() {
        var analysis = beside(stricter(99.5));

        check(analysis, 99.2);
        assertThat(differences(analysis)).singleElement().satisfies(said -> {
            assertThat(said.acting()).isEqualTo(Course.PASSED);
            assertThat(said.shadow()).isEqualTo(Course.FAILED);
            assertThat(said.look()).isZero();
            assertThat(said.sentence())
                    .isEqualTo("the check would have failed: request-success-rate 99.2 is below 99.5");
        });
        check(analysis, 99.9);
        assertThat(differences(analysis)).hasSize(1);
        check(analysis, 99.3);
        assertThat(differences(analysis)).hasSize(2);
        assertThat(differences(analysis).getLast()).satisfies(said -> {
            assertThat(said.shadow()).isEqualTo(Course.WENT_BACK);
            assertThat(said.sentence())
                    .isEqualTo("the check would have failed: request-success-rate 99.3 is below 99.5; would have been"
                            + " taken back: 2 failed checks, its threshold is 2");
        });
        check(analysis, 99.3);
        assertThat(differences(analysis)).hasSize(2);
    }

    @Test
    void aCheckThatWouldHavePassedIsSaidToo() {
        var analysis = beside(stricter(95));

        check(analysis, 97);

        assertThat(differences(analysis)).singleElement().satisfies(said -> {
            assertThat(said.acting()).isEqualTo(Course.FAILED);
            assertThat(said.shadow()).isEqualTo(Course.PASSED);
            assertThat(said.sentence()).isEqualTo("the check would have passed");
        });
    }

    @Test
    void aSmallerThresholdWouldHaveTakenItBackEarlier() {
        var analysis = beside(threshold(1));

        check(analysis, 97);
        assertThat(differences(analysis)).isEmpty();
        analysis.hear(held(1));

        assertThat(differences(analysis)).singleElement().satisfies(said -> {
            assertThat(said.acting()).isEqualTo(Course.WENT_ON);
            assertThat(said.shadow()).isEqualTo(Course.WENT_BACK);
            assertThat(said.sentence()).isEqualTo("it would have been taken back: 1 failed check, its threshold is 1");
        });
        analysis.hear(held(1)).hear(back(Cause.FAILED_CHECKS, 2));
        assertThat(differences(analysis)).hasSize(1);
    }

    @Test
    void aLargerThresholdWouldHaveGoneOnAndNothingMoreIsKnown() {
        var analysis = beside(threshold(5));

        check(analysis, 97);
        analysis.hear(held(1));
        check(analysis, 97);
        analysis.hear(back(Cause.FAILED_CHECKS, 2));

        assertThat(differences(analysis)).singleElement().satisfies(said -> {
            assertThat(said.acting()).isEqualTo(Course.WENT_BACK);
            assertThat(said.shadow()).isEqualTo(Course.WENT_ON);
            assertThat(said.sentence())
                    .isEqualTo(
                            "it would have gone on with 2 failed checks, its threshold is 5; what would have come then"
                                    + " can't be known, for the release is taken back");
        });
    }

    @Test
    void whatIsNotThePolicysDoingIsNoDifference() {
        for (var cause : Cause.values()) {
            var analysis = beside(threshold(5));
            analysis.hear(back(cause, 0));
            assertThat(differences(analysis)).hasSize(cause == Cause.FAILED_CHECKS ? 1 : 0);
        }
        // A refused pre-rollout hook, a pause: the router's own count is what counts.
        var paused = beside(threshold(1));
        paused.hear(held(0));
        assertThat(differences(paused)).isEmpty();
    }

    @Test
    void aGuardThatIsSoonerSureWouldHaveStoppedIt() {
        var analysis = beside(guard(GuardSpec.Mode.BOUND, .1));

        look(analysis, 0, 0, 5); // the burn-in
        look(analysis, 1, 2, 2);

        assertThat(differences(analysis)).singleElement().satisfies(said -> {
            assertThat(said.acting()).isEqualTo(Course.WENT_ON);
            assertThat(said.shadow()).isEqualTo(Course.TRIPPED);
            assertThat(said.look()).isEqualTo(1);
            assertThat(said.sentence())
                    .startsWith("the guard would have stopped it: request-success-rate: 2 of 2 requests failed");
        });
        look(analysis, 2, 2, 2);
        assertThat(analysis.said()).hasAtLeastOneElementOfType(GuardTripped.class);
        assertThat(differences(analysis)).hasSize(1);
    }

    @Test
    void aGuardThatIsOffWouldHaveLetItGoOn() {
        var analysis = beside(guard(GuardSpec.Mode.OFF, .001));

        look(analysis, 0, 0, 5);
        look(analysis, 1, 5, 5);
        analysis.hear(back(Cause.GUARD, 0));

        assertThat(differences(analysis)).singleElement().satisfies(said -> {
            assertThat(said.acting()).isEqualTo(Course.TRIPPED);
            assertThat(said.shadow()).isEqualTo(Course.WENT_ON);
            assertThat(said.sentence())
                    .startsWith("the guard would have let it go on; what would have come then can't be known");
        });
    }

    @Test
    void whatWasCountedAgainstAnotherBoundDoesNotTellWhatTheGuardWouldHaveDone() {
        var late = new MetricSpec(
                SUCCESS.name(),
                new MetricSpec.Query("histogram_quantile(0.99, sum by (le) (rate(latency_bucket[1m])))"),
                "1m",
                new Bounds(Optional.empty(), Optional.of(500.0)));
        var sooner = new Policy.Metric(Optional.empty(), Optional.of(400.0), Optional.empty());
        var analysis = beside(late, ShadowSpec.of(metric(sooner)));

        look(analysis, List.of(late), 0, 0, 5);
        look(analysis, List.of(late), 1, 5, 5);

        assertThat(differences(analysis)).singleElement().satisfies(said -> {
            assertThat(said.acting()).isEqualTo(Course.TRIPPED);
            assertThat(said.shadow()).isEqualTo(Course.UNKNOWN);
            assertThat(said.sentence())
                    .isEqualTo(
                            "what the guard would have done isn't known: request-success-rate: its requests were counted"
                                    + " against at most 500, not at most 400");
        });
    }

    @Test
    void aBudgetThatWouldHaveBeenUsedUpIsSaid() {
        var analysis = beside(guard -> guard, GuardLike.changed().budget(2));

        look(analysis, 0, 1, 100);
        assertThat(differences(analysis)).isEmpty();
        look(analysis, 1, 1, 100);

        assertThat(differences(analysis)).singleElement().satisfies(said -> {
            assertThat(said.acting()).isEqualTo(Course.WENT_ON);
            assertThat(said.shadow()).isEqualTo(Course.TRIPPED);
            assertThat(said.sentence())
                    .isEqualTo(
                            "the budget would have been used up: request-success-rate: 2 requests of the canary failed,"
                                    + " its pods' first ones included; a rollout may cost 2");
        });
    }

    @Test
    void aLargerBudgetWouldHaveLetItGoOn() {
        var analysis = beside(guard -> guard.budget(2), GuardLike.changed().budget(20));

        look(analysis, 0, 2, 100);

        assertThat(analysis.said()).hasAtLeastOneElementOfType(BudgetSpent.class);
        assertThat(differences(analysis)).singleElement().satisfies(said -> {
            assertThat(said.acting()).isEqualTo(Course.TRIPPED);
            assertThat(said.shadow()).isEqualTo(Course.WENT_ON);
            assertThat(said.sentence())
                    .isEqualTo(
                            "the guard would have let it go on; what would have come then can't be known, for the release"
                                    + " is taken back");
        });
    }

    @Test
    void aStepThatWouldHaveBeenClearedSoonerIsSaidOnce() {
        var analysis = beside(guard -> guard, GuardLike.changed().clearAt(.05));

        look(analysis, 0, 0, 72); // the first 5 aren't judged
        assertThat(differences(analysis)).isEmpty();
        look(analysis, 1, 0, 1);
        look(analysis, 2, 0, 100);

        assertThat(differences(analysis)).singleElement().satisfies(said -> {
            assertThat(said.acting()).isEqualTo(Course.WENT_ON);
            assertThat(said.shadow()).isEqualTo(Course.CLEARED);
            assertThat(said.look()).isEqualTo(1);
            assertThat(said.sentence())
                    .isEqualTo("the check would have come now: request-success-rate: 0 of 68 requests of this step"
                            + " failed, 5 % is ruled out");
        });
        check(analysis, 99.9);
        assertThat(differences(analysis)).hasSize(1);
        analysis.hear(Analysis.step(1)).hear(Analysis.shifted(4, 1));
        analysis.now = analysis.now.plusSeconds(1);
        look(analysis, 3, 0, 68);
        assertThat(differences(analysis)).hasSize(2);
    }

    @Test
    void aCheckThatComesEarlyWouldHaveWaited() {
        var analysis = beside(
                guard -> guard.clearAt(.05), GuardLike.changed().clearAt(.01).clearBeta(.01));

        look(analysis, 0, 0, 73);
        check(analysis, 99.9);

        assertThat(analysis.checks())
                .singleElement()
                .satisfies(check -> assertThat(check.verdict()).isEqualTo(Verdict.PASSED));
        assertThat(differences(analysis)).singleElement().satisfies(said -> {
            assertThat(said.acting()).isEqualTo(Course.PASSED);
            assertThat(said.shadow()).isEqualTo(Course.INCONCLUSIVE);
            assertThat(said.sentence())
                    .startsWith("the check would have waited for its time: request-success-rate: 0 of 68 requests of"
                            + " this step failed: needs about ")
                    .contains(" more requests to rule out 2 %"); // twice what its bound allows
        });
    }

    @Test
    void aPodThatBothSuspectIsReplacedUnderBoth() {
        var analysis = beside(guard -> guard.burnIn(0), GuardLike.changed().alpha(.0011));

        look(analysis, 0, pod("a", 0, 20), pod("b", 0, 20), pod("c", 9, 9));
        assertThat(analysis.said()).hasAtLeastOneElementOfType(PodSuspected.class);
        replaced(analysis);
        look(analysis, 1, pod("a", 0, 200), pod("b", 0, 200), pod("d", 0, 200));
        check(analysis, 99.9);
        assertThat(differences(analysis)).isEmpty();

        look(analysis, 2, pod("a", 99, 99), pod("b", 99, 99));
        assertThat(analysis.said()).hasAtLeastOneElementOfType(GuardTripped.class);
        assertThat(differences(analysis)).isEmpty();
    }

    @Test
    void aPodThatOnlyOneOfThemSuspectsIsTheLastThatIsKnown() {
        var sooner = beside(guard -> guard.burnIn(0), GuardLike.changed().alpha(.1));
        look(sooner, 0, pod("a", 0, 9), pod("b", 0, 9), pod("c", 3, 3));
        assertThat(differences(sooner)).singleElement().satisfies(said -> {
            assertThat(said.acting()).isEqualTo(Course.WENT_ON);
            assertThat(said.shadow()).isEqualTo(Course.SUSPECTED);
            assertThat(said.sentence())
                    .startsWith("pod c would have been replaced: request-success-rate: 3 of 3 requests to pod c")
                    .endsWith("; what would have come then can't be known, for it isn't");
        });

        var later = beside(guard -> guard.burnIn(0), GuardLike.changed().burnIn(20));
        look(later, 0, pod("a", 0, 20), pod("b", 0, 20), pod("c", 9, 9));
        replaced(later);
        look(later, 1, pod("a", 99, 99), pod("b", 99, 99));
        assertThat(differences(later)).singleElement().satisfies(said -> {
            assertThat(said.acting()).isEqualTo(Course.SUSPECTED);
            assertThat(said.shadow()).isEqualTo(Course.WENT_ON);
            assertThat(said.sentence())
                    .isEqualTo("the guard would have left pod c alone; what would have come then can't be known, for"
                            + " pod c is replaced");
        });
    }

    @Test
    void aSuspectPodWouldHaveTakenItBack() {
        var analysis = beside(guard -> guard.burnIn(0), GuardLike.changed().suspect(Suspect.ROLL_BACK));

        look(analysis, 0, pod("a", 0, 20), pod("b", 0, 20), pod("c", 9, 9));

        assertThat(differences(analysis)).singleElement().satisfies(said -> {
            assertThat(said.acting()).isEqualTo(Course.SUSPECTED);
            assertThat(said.shadow()).isEqualTo(Course.TRIPPED);
            assertThat(said.sentence())
                    .startsWith("the guard would have stopped it: request-success-rate: 9 of 9 requests to pod c");
        });
    }

    @Test
    void theSamePolicyIsNoDifference() {
        var analysis = beside(Policy.NONE);

        check(analysis, 97);
        analysis.hear(held(1));
        look(analysis, 0, 0, 5);
        look(analysis, 1, 5, 5);
        look(analysis, 2, 5, 5); // before the router has heard of it
        check(analysis, 97);
        analysis.hear(back(Cause.GUARD, 2));

        assertThat(analysis.said()).hasAtLeastOneElementOfType(GuardTripped.class);
        assertThat(differences(analysis)).isEmpty();
    }

    @Test
    void oneThatMakesNoSenseIsNotJudged() {
        var analysis = beside(ShadowSpec.refused("Canary shop/checkout: no"));

        check(analysis, 97);
        analysis.hear(back(Cause.FAILED_CHECKS, 9));

        assertThat(differences(analysis)).isEmpty();
    }

    private static Policy stricter(double min) {
        return metric(new Policy.Metric(Optional.of(min), Optional.empty(), Optional.empty()));
    }

    private static Policy metric(Policy.Metric metric) {
        return new Policy(
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                new TreeMap<>(Map.of(SUCCESS.name(), metric)),
                Policy.Guard.NONE);
    }

    private static Policy threshold(int failed) {
        return new Policy(Optional.of(failed), Optional.empty(), Optional.empty(), new TreeMap<>(), Policy.Guard.NONE);
    }

    private static Policy guard(GuardSpec.Mode mode, double alpha) {
        return GuardLike.changed().mode(mode).alpha(alpha).policy();
    }

    private static Analysis beside(Policy policy) {
        return beside(ShadowSpec.of(policy));
    }

    private static Analysis beside(ShadowSpec shadow) {
        return beside(SUCCESS, shadow);
    }

    private static Analysis beside(MetricSpec metric, ShadowSpec shadow) {
        return Analysis.ofFirstStep(
                CanaryLike.of(Analysis.spec()).metrics(metric).shadow(shadow).spec());
    }

    /// The acting policy with another guard.
    private static Analysis beside(UnaryOperator<GuardLike> acting, GuardLike shadow) {
        return Analysis.ofFirstStep(CanaryLike.of(Analysis.spec())
                .guard(acting)
                .shadow(shadow.policy())
                .spec());
    }

    private static void check(Analysis analysis, double percent) {
        var due = analysis.wanted().look().orElseThrow();
        analysis.now = due.due();
        analysis.hear(Analysis.measured(due.step(), due.look(), rate(percent)));
    }

    private static StepHeld held(int failed) {
        return new StepHeld(ROLLOUT, 0, 0, failed, Analysis.NOON.plusSeconds(600), List.of("no"));
    }

    private static RollbackStarted back(Cause cause, int failed) {
        return new RollbackStarted(ROLLOUT, 0, cause, failed, Percent.ZERO, List.of("no"));
    }

    private static void look(Analysis analysis, int look, long failures, long total) {
        look(analysis, List.of(SUCCESS), look, failures, total);
    }

    private static void look(Analysis analysis, List<MetricSpec> metrics, int look, long failures, long total) {
        look(analysis, metrics, look, pod("checkout-1", failures, total));
    }

    private static void look(Analysis analysis, int look, PodCount... pods) {
        look(analysis, List.of(SUCCESS), look, pods);
    }

    private static void look(Analysis analysis, List<MetricSpec> metrics, int look, PodCount... pods) {
        analysis.now = analysis.now.plus(Duration.ofSeconds(1));
        var counted = new Counted(Source.PODS, .01, "failed", Optional.empty(), List.of(pods));
        analysis.hear(new RequestsCounted(
                ROLLOUT,
                analysis.wanted().guard().map(Wanted.Guard::step).orElse(0),
                look,
                Question.of(metrics),
                new TreeMap<>(Map.of(SUCCESS.name(), counted))));
    }

    private static PodCount pod(String name, long failures, long total) {
        return new PodCount(name, "node", Side.CANARY, failures, total);
    }

    private static void replaced(Analysis analysis) {
        analysis.hear(
                new PodReplacementStarted(ROLLOUT, 0, "c", "node", analysis.now, analysis.now, List.of("suspect")));
    }

    private static List<ShadowDiffered> differences(Analysis analysis) {
        return analysis.said().stream()
                .filter(ShadowDiffered.class::isInstance)
                .map(ShadowDiffered.class::cast)
                .toList();
    }
}
