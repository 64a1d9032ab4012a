package dev.aviary.analyzer;

import dev.aviary.decisions.analysis.Wanted;
import dev.aviary.events.Bounds;
import dev.aviary.events.CanaryKey;
import dev.aviary.events.CanarySpec;
import dev.aviary.events.GuardSpec;
import dev.aviary.events.HookKind;
import dev.aviary.events.HookSpec;
import dev.aviary.events.Measurement;
import dev.aviary.events.MetricSpec;
import dev.aviary.events.MetricsMeasured;
import dev.aviary.events.Percent;
import dev.aviary.events.Plan;
import dev.aviary.events.RolloutId;
import dev.aviary.events.RolloutStarted;
import dev.aviary.events.StepStarted;
import dev.aviary.events.Strategy;
import dev.aviary.events.TrafficShifted;
import dev.aviary.events.WorkloadRef;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/// A rollout to test with.
public final class Samples {
    public static final CanaryKey CHECKOUT = new CanaryKey("eu", "shop", "checkout");
    public static final RolloutId ROLLOUT = new RolloutId(1, "v1:two");
    public static final List<Percent> WEIGHTS = List.of(Percent.of("5"), Percent.of("50"));
    public static final MetricSpec SUCCESS = new MetricSpec(
            "request-success-rate", new MetricSpec.BuiltIn(), "1m", new Bounds(Optional.of(99.0), Optional.empty()));

    private Samples() {}

    public static CanarySpec spec(Duration interval, List<MetricSpec> metrics, HookSpec... hooks) {
        return spec(interval, metrics, Optional.empty(), hooks);
    }

    public static CanarySpec spec(
            Duration interval, List<MetricSpec> metrics, Optional<GuardSpec> guard, HookSpec... hooks) {
        return new CanarySpec(
                new WorkloadRef("Deployment", "checkout"),
                "gatewayapi:v1",
                "checkout",
                new Strategy.Progressive(WEIGHTS, Percent.ZERO),
                interval,
                2,
                Duration.ofMinutes(10),
                Duration.ZERO,
                100,
                100,
                metrics,
                List.of(hooks),
                false,
                false,
                false,
                false,
                guard);
    }

    public static HookSpec hook(HookKind kind) {
        return new HookSpec(kind.word(), kind, Duration.ofSeconds(10), 0, false);
    }

    public static RolloutStarted started() {
        return started(spec(Duration.ofSeconds(60), List.of(SUCCESS)));
    }

    public static RolloutStarted started(CanarySpec spec) {
        return new RolloutStarted(ROLLOUT, "v1:one", "v1:two", List.of(), Plan.of(spec), Optional.empty());
    }

    public static StepStarted step(int step) {
        return new StepStarted(
                ROLLOUT, step, WEIGHTS.get(step), Percent.ZERO, List.of(), Instant.parse("2026-01-01T12:10:00Z"));
    }

    public static TrafficShifted shifted(long seq, int step) {
        return new TrafficShifted(seq, WEIGHTS.get(step), Percent.ZERO, Duration.ZERO);
    }

    public static MetricsMeasured measured(Wanted.Look look, Measurement rate) {
        return new MetricsMeasured(
                look.rollout(),
                look.step(),
                look.look(),
                look.question(),
                new TreeMap<>(Map.of(SUCCESS.name(), rate)),
                List.of());
    }
}
