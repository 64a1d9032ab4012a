package dev.aviary.events;

import java.util.List;
import java.util.stream.IntStream;

/// What is frozen when a rollout starts.
///
/// @param spec  as it was then; `suspended`, `skipAnalysis` and the hooks' URLs are read live all the same
/// @param steps at least one
public record Plan(CanarySpec spec, List<Step> steps) {
    /// @param canary share of the live requests, or of the matching ones, that the canary is to answer
    /// @param mirror share of the live requests copied to the canary, whose answers are thrown away
    /// @param match  which requests the share is of; empty: all
    /// @param checks that must pass before the next step, at least 1
    public record Step(Percent canary, Percent mirror, List<HttpMatch> match, int checks) {}

    public static Plan of(CanarySpec spec) {
        return new Plan(
                spec,
                switch (spec.strategy()) {
                    case Strategy.Progressive(var weights, var _) ->
                        weights.stream()
                                .map(weight -> new Step(weight, Percent.ZERO, List.of(), 1))
                                .toList();
                    case Strategy.BlueGreen(int iterations) ->
                        List.of(new Step(Percent.ZERO, Percent.ZERO, List.of(), iterations));
                    case Strategy.AbTesting(int iterations, var match) ->
                        List.of(new Step(Percent.ALL, Percent.ZERO, match, iterations));
                });
    }

    /// Where the primary is broken there is nothing to split: the canary has all traffic, and is checked as often
    /// as the spec's own steps would.
    public static Plan recovery(CanarySpec spec) {
        int checks = of(spec).steps().stream().mapToInt(Step::checks).sum();
        return new Plan(spec, List.of(new Step(Percent.ALL, Percent.ZERO, List.of(), checks)));
    }

    public boolean isLast(int step) {
        return step == steps.size() - 1;
    }

    /// The canary's shares, step by step.
    public List<Percent> weights() {
        return IntStream.range(0, steps.size())
                .mapToObj(step -> steps.get(step).canary())
                .toList();
    }
}
