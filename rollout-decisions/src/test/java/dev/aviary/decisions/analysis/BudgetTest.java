package dev.aviary.decisions.analysis;

import static dev.aviary.decisions.analysis.Analysis.ROLLOUT;
import static dev.aviary.decisions.analysis.Analysis.SUCCESS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.aviary.decisions.CanaryLike;
import dev.aviary.events.AnalyzerEvent;
import dev.aviary.events.BudgetSpent;
import dev.aviary.events.CanarySpec;
import dev.aviary.events.Count;
import dev.aviary.events.Count.Counted;
import dev.aviary.events.Count.PodCount;
import dev.aviary.events.Count.Side;
import dev.aviary.events.Count.Source;
import dev.aviary.events.RequestsCounted;
import dev.aviary.events.ScaleUpStarted;
import dev.aviary.events.TrafficMeasured;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// A rollout may cost 10 bad answers.
class BudgetTest {
    private static final CanarySpec TEN =
            CanaryLike.of(Analysis.spec()).guard(guard -> guard.budget(10)).spec();

    private int look = 0;

    @Test
    void whatAllStepsCostTogetherUsesItUpOnceTheFirstRequestsToo() {
        var analysis = starting(TEN).hear(Analysis.step(0)).hear(Analysis.shifted(3, 0));
        look(analysis, 4, 5, 95);
        look(analysis, 3, 2000, 95);
        analysis.hear(Analysis.step(1)).hear(Analysis.shifted(4, 1));
        look(analysis, 2, 2000, 95);
        assertThat(said(analysis, BudgetSpent.class)).isEmpty();

        look(analysis, 1, 2000, 95);
        look(analysis, 1, 2000, 95);

        assertThat(said(analysis, BudgetSpent.class)).singleElement().satisfies(spent -> {
            assertThat(spent.step()).isEqualTo(1);
            assertThat(spent.spent()).isEqualTo(10);
            assertThat(spent.reason())
                    .isEqualTo("request-success-rate: 10 requests of the canary failed, its pods' first ones included;"
                            + " a rollout may cost 10");
            assertThat(spent.guard()).hasSize(1);
        });
        assertThat(analysis.wanted().guard()).isEmpty();
    }

    @Test
    void theTrafficIsMeasuredWhileTheCanaryStarts() {
        var analysis = starting(TEN);
        assertThat(analysis.wanted().guard())
                .hasValueSatisfying(guard -> assertThat(guard.step()).isEqualTo(-1));
        for (int second = 0; second < 4; second++) {
            look(analysis, 0, 0, 100);
        }

        assertThat(said(analysis, TrafficMeasured.class))
                .containsExactly(new TrafficMeasured(ROLLOUT, 300, Duration.ofSeconds(3)));
        assertThat(analysis.wanted().guard()).isEmpty(); // until the first step
        analysis.hear(Analysis.step(0));
        assertThat(analysis.wanted().guard()).isPresent();
    }

    @Test
    void withoutABudgetNobodyLooksBeforeTheFirstStep() {
        assertThat(starting(Analysis.spec()).wanted().guard()).isEmpty();
    }

    private void look(Analysis analysis, long failures, long total, long primary) {
        analysis.now = analysis.now.plusSeconds(1);
        Count count = new Counted(
                Source.PODS,
                .01,
                "failed",
                Optional.empty(),
                List.of(
                        new PodCount("checkout-1", "node", Side.CANARY, failures, total),
                        new PodCount("checkout-primary-1", "node", Side.PRIMARY, 0, primary)));
        analysis.hear(new RequestsCounted(
                ROLLOUT,
                analysis.wanted().guard().map(Wanted.Guard::step).orElse(0),
                look++,
                Question.of(List.of(SUCCESS)),
                new TreeMap<>(Map.of(SUCCESS.name(), count))));
    }

    private static <E extends AnalyzerEvent> Stream<E> said(Analysis analysis, Class<E> type) {
        return analysis.said().stream().filter(type::isInstance).map(type::cast);
    }

    private static Analysis starting(CanarySpec spec) {
        return new Analysis()
                .hear(Analysis.started(spec))
                .hear(new ScaleUpStarted(ROLLOUT, Analysis.NOON.plusSeconds(600)));
    }
}
