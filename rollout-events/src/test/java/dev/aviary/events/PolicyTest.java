package dev.aviary.events;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

class PolicyTest {
    private static final MetricSpec SUCCESS = metric("request-success-rate", new MetricSpec.BuiltIn(), atLeast(99));
    private static final MetricSpec LATENCY = metric(
            "p99", new MetricSpec.Query("histogram_quantile(0.99, sum(rate(x_bucket[1m])) by (le)) * 100"), atMost(1));
    private static final CanarySpec SPEC = new CanarySpec(
            new WorkloadRef("Deployment", "checkout"),
            "istio",
            "checkout",
            new Strategy.Progressive(List.of(Percent.of("5"), Percent.of("50")), Percent.ZERO),
            Duration.ofSeconds(60),
            2,
            Duration.ofMinutes(10),
            Duration.ZERO,
            100,
            100,
            List.of(SUCCESS, LATENCY),
            List.of(),
            false,
            false,
            false,
            false);

    @Test
    void onlyWhatItGivesChanges() {
        assertThat(Policy.NONE.appliedTo(SPEC)).isEqualTo(SPEC);

        var changed = new Policy(
                        Optional.of(5),
                        Optional.of(List.of(Percent.of("20"))),
                        Optional.empty(),
                        of("request-success-rate", Optional.of(99.5), Optional.empty()),
                        new Policy.Guard(
                                Optional.of(GuardSpec.Mode.PRIMARY),
                                Optional.empty(),
                                Optional.empty(),
                                Optional.empty(),
                                Optional.empty(),
                                Optional.empty(),
                                Optional.empty(),
                                Optional.empty()))
                .appliedTo(SPEC);

        assertThat(changed.threshold()).isEqualTo(5);
        assertThat(Plan.of(changed).weights()).containsExactly(Percent.of("20"));
        assertThat(changed.metrics()).containsExactly(metric(SUCCESS.name(), SUCCESS.source(), atLeast(99.5)), LATENCY);
        assertThat(changed.guarded().mode()).isEqualTo(GuardSpec.Mode.PRIMARY);
        assertThat(changed.guarded().alpha()).isEqualTo(GuardSpec.DEFAULT.alpha());
        assertThat(changed.interval()).isEqualTo(SPEC.interval());
    }

    @Test
    void aRatiosBoundMovesWhatTheGuardAllows() {
        var policy = metrics(of("request-success-rate", Optional.of(99.9), Optional.empty()));

        assertThat(policy.appliedTo(SUCCESS, counted(1 - 99 / 100.0)))
                .isInstanceOfSatisfying(
                        Count.Counted.class,
                        count -> assertThat(count.allowed()).isCloseTo(0.001, Offset.offset(1e-9)));
    }

    @Test
    void anErrorRatesBoundDoesToo() {
        var errors = metric("errors", new MetricSpec.Query("100 * sum(rate(bad[1m])) / sum(rate(all[1m]))"), atMost(5));
        var policy = metrics(new TreeMap<>(
                Map.of("errors", new Policy.Metric(Optional.empty(), Optional.of(2.0), Optional.empty()))));

        assertThat(policy.appliedTo(errors, counted(0.05))).isEqualTo(counted(0.02));
    }

    @Test
    void aDurationsBoundCantBeMovedAfterItWasCounted() {
        var change = new Policy.Metric(Optional.empty(), Optional.of(0.5), Optional.empty());

        assertThat(metrics(new TreeMap<>(Map.of("p99", change))).appliedTo(LATENCY, counted(0.01)))
                .isEqualTo(new Count.ThresholdOnly("its requests were counted against at most 1, not at most 0.5"));
    }

    @Test
    void whatTheGuardAllowsCanBeGiven() {
        var policy = metrics(of("p99", Optional.empty(), Optional.of(0.05)));

        assertThat(policy.appliedTo(LATENCY, counted(0.01))).isEqualTo(counted(0.05));
        assertThat(policy.appliedTo(SUCCESS, counted(0.01))).isEqualTo(counted(0.01));
    }

    private static Policy metrics(TreeMap<String, Policy.Metric> metrics) {
        return new Policy(Optional.empty(), Optional.empty(), Optional.empty(), metrics, Policy.Guard.NONE);
    }

    private static TreeMap<String, Policy.Metric> of(String name, Optional<Double> min, Optional<Double> allowed) {
        return new TreeMap<>(Map.of(name, new Policy.Metric(min, Optional.empty(), allowed)));
    }

    private static Count counted(double allowed) {
        return new Count.Counted(
                Count.Source.PODS,
                allowed,
                "failed",
                Optional.empty(),
                List.of(new Count.PodCount("a", "", Count.Side.CANARY, 1, 10)));
    }

    private static MetricSpec metric(String name, MetricSpec.Source source, Bounds bounds) {
        return new MetricSpec(name, source, "1m", bounds);
    }

    private static Bounds atLeast(double min) {
        return new Bounds(Optional.of(min), Optional.empty());
    }

    private static Bounds atMost(double max) {
        return new Bounds(Optional.empty(), Optional.of(max));
    }
}
