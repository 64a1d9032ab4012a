package dev.aviary.events;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Stream;

/// Another policy for the same Canaries: what it gives takes the place of the Canary's own, all else stays.
///
/// @param threshold  failed checks of a rollout that take it back, at least 1
/// @param steps      the canary's weights, growing, at least one; of canaries that get a growing share
/// @param iterations checks that must pass, at least 1; of blue-green and A/B tests
/// @param metrics    by the metric's name; a Canary that has none of a name is left as it is
/// @param guard      what it may do
public record Policy(
        Optional<Integer> threshold,
        Optional<List<Percent>> steps,
        Optional<Integer> iterations,
        SortedMap<String, Metric> metrics,
        Guard guard) {
    /// Changes nothing.
    public static final Policy NONE =
            new Policy(Optional.empty(), Optional.empty(), Optional.empty(), new TreeMap<>(), Guard.NONE);

    /// @param min     of the value, in the metric's own unit
    /// @param max     of the value, in the metric's own unit
    /// @param allowed failure ratio that the guard allows, between 0 and 1; empty: as the bounds say
    public record Metric(Optional<Double> min, Optional<Double> max, Optional<Double> allowed) {
        /// How a ratio's bound becomes the share of requests that may fail.
        private static final List<Function<Bounds, Optional<Double>>> RATIOS = List.of(
                bounds -> bounds.min().map(min -> 1 - min),
                bounds -> bounds.min().map(min -> 1 - min / 100),
                Bounds::max,
                bounds -> bounds.max().map(max -> max / 100));

        private static final double ROUNDING = 1e-9;

        Bounds of(Bounds acting) {
            return new Bounds(min.or(acting::min), max.or(acting::max));
        }

        /// @param counted the ratio that the acting bounds allow
        /// @return empty if other requests would be the failures: a duration's bound can't be moved afterwards
        Optional<Double> of(MetricSpec acting, double counted) {
            var bounds = of(acting.bounds());
            if (allowed.isPresent() || bounds.equals(acting.bounds())) {
                return allowed.or(() -> Optional.of(counted));
            }
            var found = RATIOS.stream()
                    .filter(ratio -> !isDuration(acting))
                    .filter(ratio -> ratio.apply(acting.bounds())
                            .filter(was -> Math.abs(was - counted) < ROUNDING)
                            .isPresent())
                    .flatMap(ratio -> ratio.apply(bounds).stream())
                    .distinct()
                    .filter(ratio -> ratio > 0 && ratio < 1)
                    .toList();
            return found.size() == 1 ? Optional.of(found.getFirst()) : Optional.empty();
        }

        private static boolean isDuration(MetricSpec metric) {
            return switch (metric.source()) {
                case MetricSpec.BuiltIn() -> !metric.name().equals("request-success-rate");
                case MetricSpec.Query(var promql) -> promql.contains("histogram_quantile");
                case MetricSpec.Template(var _, var _, var _, var query) -> query.contains("histogram_quantile");
            };
        }
    }

    /// As in [GuardSpec].
    public record Guard(
            Optional<GuardSpec.Mode> mode,
            Optional<Double> alpha,
            Optional<Integer> burnIn,
            Optional<Duration> every,
            Optional<GuardSpec.Suspect> suspect,
            Optional<Double> clearAt,
            Optional<Long> budget,
            Optional<Double> clearBeta) {
        public static final Guard NONE = new Guard(
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty());

        public GuardSpec of(GuardSpec acting) {
            return new GuardSpec(
                    mode.orElse(acting.mode()),
                    alpha.orElse(acting.alpha()),
                    burnIn.orElse(acting.burnIn()),
                    every.orElse(acting.every()),
                    suspect.orElse(acting.suspect()),
                    clearAt.or(acting::clearAt),
                    budget.or(acting::budget),
                    acting.inFlight(),
                    clearBeta.or(acting::clearBeta));
        }
    }

    /// The Canary as it would be under this policy.
    public CanarySpec appliedTo(CanarySpec acting) {
        return new CanarySpec(
                acting.target(),
                acting.provider(),
                acting.service(),
                strategy(acting.strategy()),
                acting.interval(),
                threshold.orElse(acting.threshold()),
                acting.progressDeadline(),
                acting.drain(),
                acting.primaryReady(),
                acting.canaryReady(),
                acting.metrics().stream().map(this::metric).toList(),
                acting.hooks(),
                acting.skipAnalysis(),
                acting.suspended(),
                acting.revertOnDeletion(),
                acting.strict(),
                guard.equals(Guard.NONE) ? acting.guard() : Optional.of(guard.of(acting.guarded())));
    }

    /// What was counted under the acting bounds, as this policy judges it.
    ///
    /// @param acting the metric as it was when it was counted
    /// @return without counts where other requests would be the failures under this policy
    public Count appliedTo(MetricSpec acting, Count count) {
        var change = Optional.ofNullable(metrics.get(acting.name()));
        if (change.isEmpty() || !(count instanceof Count.Counted counted)) {
            return count;
        }
        return change.get()
                .of(acting, counted.allowed())
                .<Count>map(allowed ->
                        new Count.Counted(counted.source(), allowed, counted.what(), counted.note(), counted.pods()))
                .orElseGet(() -> new Count.ThresholdOnly("its requests were counted against %s, not %s"
                        .formatted(acting.bounds(), change.get().of(acting.bounds()))));
    }

    private Strategy strategy(Strategy acting) {
        return switch (acting) {
            case Strategy.Progressive(var weights, var promotion) ->
                new Strategy.Progressive(steps.orElse(weights), promotion);
            case Strategy.BlueGreen(int checks) -> new Strategy.BlueGreen(iterations.orElse(checks));
            case Strategy.AbTesting(int checks, var match) -> new Strategy.AbTesting(iterations.orElse(checks), match);
        };
    }

    private MetricSpec metric(MetricSpec acting) {
        return Stream.ofNullable(metrics.get(acting.name()))
                .map(change ->
                        new MetricSpec(acting.name(), acting.source(), acting.window(), change.of(acting.bounds())))
                .findFirst()
                .orElse(acting);
    }
}
