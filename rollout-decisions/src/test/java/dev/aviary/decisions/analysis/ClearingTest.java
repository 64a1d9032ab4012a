package dev.aviary.decisions.analysis;

import static dev.aviary.decisions.analysis.Analysis.INTERVAL;
import static dev.aviary.decisions.analysis.Analysis.NOON;
import static dev.aviary.decisions.analysis.Analysis.ROLLOUT;
import static dev.aviary.decisions.analysis.Analysis.SUCCESS;
import static dev.aviary.decisions.analysis.Analysis.rate;
import static org.assertj.core.api.Assertions.assertThat;

import dev.aviary.decisions.guard.ClearingJudge;
import dev.aviary.events.CheckCompleted;
import dev.aviary.events.Count;
import dev.aviary.events.Count.Counted;
import dev.aviary.events.Count.PodCount;
import dev.aviary.events.Count.Side;
import dev.aviary.events.Count.Source;
import dev.aviary.events.Measurement;
import dev.aviary.events.RequestsCounted;
import dev.aviary.events.Verdict;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tuple;
import net.jqwik.api.statistics.Statistics;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Each step has to rule out 5 %, with β = .05: 68 requests without a failure do.
class ClearingTest {
    private int look = 0;

    @Test
    void aBusyStepIsCheckedAsSoonAsItIsCleared() {
        var analysis = inFirstStep();
        count(analysis, 0, 72); // the pod's first 5 aren't judged
        assertThat(due(analysis)).isEqualTo(INTERVAL);

        count(analysis, 0, 1);
        assertThat(due(analysis)).isEqualTo(Duration.ofSeconds(2));
        measure(analysis, rate(100));

        assertThat(analysis.checks())
                .singleElement()
                .satisfies(check -> assertThat(check.verdict()).isEqualTo(Verdict.PASSED));
        count(analysis, 0, 1000); // of this step still, at a closed gate perhaps: further checks keep their time
        assertThat(due(analysis)).isEqualTo(INTERVAL);
    }

    @Test
    void aQuietStepWaitsBeyondItsIntervalUntilItIsCleared() {
        var analysis = inFirstStep();
        count(analysis, 0, 30);
        measure(analysis, rate(100));

        assertThat(analysis.checks()).singleElement().satisfies(check -> {
            assertThat(check.verdict()).isEqualTo(Verdict.INCONCLUSIVE);
            assertThat(check.metrics())
                    .singleElement()
                    .satisfies(metric -> assertThat(metric.verdict()).isEqualTo(Verdict.PASSED));
            assertThat(check.reasons())
                    .singleElement()
                    .asString()
                    .startsWith(
                            "request-success-rate: 0 of 25 requests of this step failed: needs about 43 more requests"
                                    + " to rule out 5 %");
        });
        assertThat(due(analysis)).isEqualTo(INTERVAL.multipliedBy(2));
        count(analysis, 0, 43);
        measure(analysis, rate(100));
        assertThat(analysis.checks().getLast().verdict()).isEqualTo(Verdict.PASSED);
        assertThat(analysis.now).isEqualTo(NOON.plus(INTERVAL).plusSeconds(1));
    }

    @Test
    void eachStepIsClearedByRequestsOfItsOwn() {
        var analysis = inFirstStep();
        count(analysis, 0, 5000);
        measure(analysis, rate(100));
        analysis.hear(Analysis.step(1));
        count(analysis, 0, 500); // the traffic isn't there yet
        analysis.hear(Analysis.shifted(4, 1));
        count(analysis, 0, 67);
        assertThat(due(analysis)).isGreaterThan(INTERVAL);

        count(analysis, 0, 1);
        assertThat(due(analysis)).isLessThan(INTERVAL);
    }

    @Test
    void afterAFailedCheckTheNextOneComesAtItsTime() {
        var analysis = inFirstStep();
        count(analysis, 0, 100);
        measure(analysis, rate(90));
        assertThat(analysis.checks().getLast().verdict()).isEqualTo(Verdict.FAILED);
        count(analysis, 0, 100);
        assertThat(due(analysis)).isEqualTo(INTERVAL);

        measure(analysis, rate(100));
        assertThat(analysis.checks().getLast().verdict()).isEqualTo(Verdict.PASSED);
    }

    @Test
    void aMetricWithoutCountsKeepsItsIntervalAndItsValueDecides() {
        var analysis = inFirstStep();
        look(analysis, new Count.ThresholdOnly("max() has no counts behind it"));
        count(analysis, 0, 0);
        look(analysis, new Count.ThresholdOnly("max() has no counts behind it"));
        assertThat(due(analysis)).isEqualTo(INTERVAL);
        measure(analysis, rate(100));

        assertThat(analysis.checks().getLast().verdict()).isEqualTo(Verdict.PASSED);
    }

    @Test
    void withoutAnyLookNothingIsCleared() {
        var analysis = inFirstStep();
        measure(analysis, rate(100));

        assertThat(analysis.checks().getLast().verdict()).isEqualTo(Verdict.INCONCLUSIVE);
        assertThat(analysis.checks().getLast().reasons()).containsExactly("request-success-rate: not counted yet");
    }

    @Test
    void failuresThatMayBeOfTheFirstRequestsCountAgainstIt() {
        var analysis = inFirstStep();
        count(analysis, 5, 105);
        assertThat(due(analysis)).isEqualTo(INTERVAL);
        measure(analysis, rate(100));

        assertThat(analysis.checks().getLast().reasons())
                .singleElement()
                .asString()
                .contains("5 of 100 requests");
    }

    /// With looks at it 50 times, which a test made for one look wouldn't stand.
    @ParameterizedTest
    @CsvSource({".05, 0, 26", ".08, 0, 10", ".001, 298, 300"})
    void aReleaseAsBadAsThatIsClearedWithAChanceOfBetaAndAGoodOneIs(double ratio, int least, int most) {
        var random = new Random(11);
        int cleared = 0;
        for (int run = 0; run < 300; run++) {
            look = 0;
            var analysis = inFirstStep();
            for (int second = 0; second < 50 && due(analysis).equals(INTERVAL); second++) {
                count(analysis, random.doubles(10).filter(it -> it < ratio).count(), 10);
            }
            cleared += due(analysis).equals(INTERVAL) ? 0 : 1;
        }

        assertThat(cleared).isBetween(least, most); // of 300; 15 on average at most, and three standard deviations
    }

    /// @param pause    before it
    /// @param failures of `total` requests that a look counted; less than none: a check is measured instead
    record Next(long pause, int failures, int total) {}

    @Property
    void noCheckPassesBeforeItsStepHasRuledTheFailureOut(@ForAll("stories") List<Next> story) {
        look = 0;
        var analysis = inFirstStep();
        long failures = 0;
        long judged = 0;
        int passed = 0;
        int known = 0;
        int burnt = 0;
        for (var next : story) {
            if (next.failures() < 0) {
                measure(analysis, rate(100 + next.failures()));
            } else {
                analysis.now = analysis.now.plusSeconds(next.pause());
                count(analysis, next.failures(), next.total());
                int burning = Math.min(5 - burnt, next.total());
                burnt += burning;
                failures += Math.min(next.failures(), next.total() - burning);
                judged += next.total() - burning;
            }
            for (var check : analysis.checks().subList(known, analysis.checks().size())) {
                if (check.verdict() == Verdict.PASSED) {
                    assertThat(ClearingJudge.of(.05).seen(failures, judged).logEvidence())
                            .isGreaterThanOrEqualTo(StrictMath.log(20));
                    passed++;
                }
                // What fails without clearing fails with it.
                if (check.metrics().stream().anyMatch(metric -> metric.verdict() == Verdict.FAILED)) {
                    assertThat(check.verdict()).isEqualTo(Verdict.FAILED);
                }
            }
            known = analysis.checks().size();
        }
        assertThat(analysis.checks()).extracting(CheckCompleted::look).doesNotHaveDuplicates();
        Statistics.label("passed").collect(Integer.min(3, passed));
    }

    @Provide
    Arbitrary<List<Next>> stories() {
        var counts = Combinators.combine(
                        Arbitraries.longs().between(0, 20),
                        Arbitraries.frequency(Tuple.of(8, 0), Tuple.of(1, 1), Tuple.of(1, 4)),
                        Arbitraries.integers().between(4, 60))
                .as(Next::new);
        var checks = Arbitraries.of(new Next(0, -1, 0), new Next(0, -1, 0), new Next(0, -10, 0));
        return Arbitraries.frequencyOf(Tuple.of(4, counts), Tuple.of(1, checks))
                .list()
                .ofMaxSize(40);
    }

    private static Duration due(Analysis analysis) {
        return Duration.between(NOON, analysis.wanted().look().orElseThrow().due());
    }

    /// The look that is due, at its time.
    private static void measure(Analysis analysis, Measurement measured) {
        var due = analysis.wanted().look().orElseThrow();
        analysis.now = due.due().isAfter(analysis.now) ? due.due() : analysis.now;
        analysis.hear(Analysis.measured(due.step(), due.look(), measured));
    }

    private void count(Analysis analysis, long failures, long total) {
        look(
                analysis,
                new Counted(
                        Source.PODS,
                        .01,
                        "failed",
                        Optional.empty(),
                        List.of(
                                new PodCount("checkout-1", "node", Side.CANARY, failures, total),
                                new PodCount("checkout-primary-1", "node", Side.PRIMARY, 0, 95))));
    }

    private void look(Analysis analysis, Count count) {
        analysis.now = analysis.now.plusSeconds(1);
        analysis.hear(new RequestsCounted(
                ROLLOUT,
                analysis.wanted().guard().map(Wanted.Guard::step).orElse(0),
                look++,
                Question.of(List.of(SUCCESS)),
                new TreeMap<>(Map.of(SUCCESS.name(), count))));
    }

    private static Analysis inFirstStep() {
        return Analysis.ofFirstStep(guard -> guard.clearAt(.05));
    }
}
