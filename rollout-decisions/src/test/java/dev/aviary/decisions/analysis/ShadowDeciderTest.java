package dev.aviary.decisions.analysis;

import static dev.aviary.decisions.analysis.Analysis.ROLLOUT;
import static dev.aviary.decisions.analysis.Analysis.SUCCESS;
import static dev.aviary.decisions.analysis.Analysis.rate;
import static org.assertj.core.api.Assertions.assertThat;

import dev.aviary.events.Bounds;
import dev.aviary.events.CanarySpec;
import dev.aviary.events.Count.Counted;
import dev.aviary.events.Count.PodCount;
import dev.aviary.events.Count.Side;
import dev.aviary.events.Count.Source;
import dev.aviary.events.GuardSpec;
import dev.aviary.events.GuardTripped;
import dev.aviary.events.MetricSpec;
import dev.aviary.events.Percent;
import dev.aviary.events.Plan;
import dev.aviary.events.Policy;
import dev.aviary.events.RequestsCounted;
import dev.aviary.events.RollbackStarted;
import dev.aviary.events.RollbackStarted.Cause;
import dev.aviary.events.RolloutStarted;
import dev.aviary.events.ShadowDiffered;
import dev.aviary.events.ShadowDiffered.Course;
import dev.aviary.events.ShadowSpec;
import dev.aviary.events.StepHeld;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
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
        var analysis = beside(List.of(late), ShadowSpec.of(metric(sooner)));

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
        return new Policy(
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                new TreeMap<>(),
                new Policy.Guard(
                        Optional.of(mode),
                        Optional.of(alpha),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty()));
    }

    private static Analysis beside(Policy policy) {
        return beside(ShadowSpec.of(policy));
    }

    private static Analysis beside(ShadowSpec shadow) {
        return beside(List.of(SUCCESS), shadow);
    }

    private static Analysis beside(List<MetricSpec> metrics, ShadowSpec shadow) {
        var from = Analysis.spec();
        var plan = Plan.of(new CanarySpec(
                from.target(),
                from.provider(),
                from.service(),
                from.strategy(),
                from.interval(),
                from.threshold(),
                from.progressDeadline(),
                from.drain(),
                from.primaryReady(),
                from.canaryReady(),
                metrics,
                from.hooks(),
                from.skipAnalysis(),
                from.suspended(),
                from.revertOnDeletion(),
                from.strict(),
                from.guard(),
                Optional.of(shadow)));
        return new Analysis()
                .hear(new RolloutStarted(ROLLOUT, "v1:one", "v1:two", List.of(), plan, Optional.empty()))
                .hear(Analysis.step(0))
                .hear(Analysis.shifted(3, 0));
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
        analysis.now = analysis.now.plus(Duration.ofSeconds(1));
        var counted = new Counted(
                Source.PODS,
                .01,
                "failed",
                Optional.empty(),
                List.of(new PodCount("checkout-1", "node", Side.CANARY, failures, total)));
        analysis.hear(new RequestsCounted(
                ROLLOUT, 0, look, Question.of(metrics), new TreeMap<>(Map.of(SUCCESS.name(), counted))));
    }

    private static List<ShadowDiffered> differences(Analysis analysis) {
        return analysis.said().stream()
                .filter(ShadowDiffered.class::isInstance)
                .map(ShadowDiffered.class::cast)
                .toList();
    }
}
