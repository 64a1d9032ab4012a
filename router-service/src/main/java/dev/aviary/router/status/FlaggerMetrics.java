package dev.aviary.router.status;

import dev.aviary.decisions.rollout.CanaryStatus;
import dev.aviary.decisions.rollout.CanaryStatus.Phase;
import dev.aviary.decisions.rollout.RolloutState;
import dev.aviary.events.CanaryKey;
import dev.aviary.events.CanarySpec;
import dev.aviary.events.Percent;
import dev.aviary.events.Strategy;
import dev.aviary.router.stream.Follower;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/// The metrics that Flagger's dashboards and alerts ask for, under Flagger's names. One differs in meaning:
/// `flagger_canary_duration_seconds` is how long a rollout took, not one turn of a loop that isn't there any more.
///
/// @see <a href="https://docs.flagger.app/usage/monitoring#metrics">Flagger: metrics</a>
public final class FlaggerMetrics implements Follower {
    private final MeterRegistry registry;
    private final InstantSource clock;
    private final Map<CanaryKey, Shown> shown = new ConcurrentHashMap<>();
    private final Map<String, AtomicInteger> totals = new HashMap<>();

    /// Two numbers that gauges read, and the gauges, to be taken away with their canary.
    private static final class Shown {
        private volatile int status;
        private volatile Percent weight = Percent.ZERO;
        private List<Meter> meters = List.of();
        private String target = "";
    }

    public FlaggerMetrics(MeterRegistry registry, InstantSource clock, String version, String meshProvider) {
        this.registry = registry;
        this.clock = clock;
        Gauge.builder("flagger_info", () -> 1)
                .description("What runs here")
                .tags("version", version, "mesh_provider", meshProvider)
                .register(registry);
    }

    @Override
    public synchronized void show(CanaryKey canary, Optional<RolloutState> before, RolloutState state) {
        if (state.known().spec().isEmpty()) {
            forget(canary);
            return;
        }
        var spec = state.known().spec().get();
        var at = shown.computeIfAbsent(canary, _ -> new Shown());
        if (!at.target.equals(spec.target().name())) {
            register(canary, spec, at);
        }
        var status = CanaryStatus.of(state);
        at.status = number(status.phase());
        at.weight = status.canaryWeight();
        before.map(CanaryStatus::of)
                .filter(old -> old.phase() != status.phase())
                .ifPresent(_ -> ended(canary, state, status.phase()));
    }

    @Override
    public synchronized void forget(CanaryKey canary) {
        Optional.ofNullable(shown.remove(canary)).ifPresent(at -> {
            at.meters.forEach(registry::remove);
            total(canary.namespace()).decrementAndGet();
        });
    }

    private void register(CanaryKey canary, CanarySpec spec, Shown at) {
        if (at.meters.isEmpty()) {
            total(canary.namespace()).incrementAndGet();
        }
        at.meters.forEach(registry::remove);
        at.target = spec.target().name();
        var tags = Tags.of("name", spec.target().name(), "namespace", canary.namespace());
        at.meters = List.of(
                Gauge.builder("flagger_canary_status", at, shownAt -> shownAt.status)
                        .description("0 progressing, 1 well, 2 failed")
                        .tags(tags)
                        .register(registry),
                weight(canary, spec.target().name(), at, true),
                weight(canary, spec.target().primary(), at, false));
    }

    private Gauge weight(CanaryKey canary, String workload, Shown at, boolean isCanary) {
        return Gauge.builder(
                        "flagger_canary_weight",
                        at,
                        shownAt -> (isCanary ? shownAt.weight : shownAt.weight.rest()).basisPoints() / 100.0)
                .description("Percent of the live traffic, as last confirmed")
                .tags("workload", workload, "namespace", canary.namespace())
                .register(registry);
    }

    private AtomicInteger total(String namespace) {
        return totals.computeIfAbsent(namespace, _ -> {
            var count = new AtomicInteger();
            Gauge.builder("flagger_canary_total", count, AtomicInteger::get)
                    .description("Canaries that this router leads")
                    .tags("namespace", namespace)
                    .register(registry);
            return count;
        });
    }

    private void ended(CanaryKey canary, RolloutState state, Phase phase) {
        if (phase != Phase.SUCCEEDED && phase != Phase.FAILED) {
            return;
        }
        var run = state.run()
                .or(() -> state.phase() instanceof RolloutState.Phase.Idle idle ? idle.rollout() : Optional.empty());
        if (run.isEmpty()) {
            return;
        }
        var spec = run.get().plan().spec();
        var name = Tags.of("name", spec.target().name(), "namespace", canary.namespace());
        Counter.builder(phase == Phase.SUCCEEDED ? "flagger_canary_successes" : "flagger_canary_failures")
                .description("Rollouts that ended so")
                .tags(name.and(
                        "deployment_strategy",
                        strategy(spec.strategy()),
                        "analysis_status",
                        spec.skipAnalysis() ? "skipped" : "completed"))
                .register(registry)
                .increment();
        if (run.get().startedAt().isAfter(Instant.EPOCH)) {
            Timer.builder("flagger_canary_duration")
                    .description("How long a rollout took")
                    .tags(name)
                    .serviceLevelObjectives(
                            Duration.ofSeconds(10),
                            Duration.ofSeconds(30),
                            Duration.ofMinutes(1),
                            Duration.ofMinutes(5),
                            Duration.ofMinutes(15),
                            Duration.ofHours(1))
                    .register(registry)
                    .record(Duration.between(run.get().startedAt(), clock.instant()));
        }
    }

    private static String strategy(Strategy strategy) {
        return switch (strategy) {
            case Strategy.Progressive _ -> "canary";
            case Strategy.BlueGreen _ -> "blue-green";
            case Strategy.AbTesting _ -> "ab-testing";
        };
    }

    private static int number(Phase phase) {
        return switch (phase) {
            case PROGRESSING -> 0;
            case FAILED -> 2;
            case INITIALIZING, INITIALIZED, WAITING, WAITING_PROMOTION, PROMOTING, FINALISING, SUCCEEDED, TERMINATING ->
                1;
        };
    }
}
