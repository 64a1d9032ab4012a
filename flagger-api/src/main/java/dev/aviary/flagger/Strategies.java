package dev.aviary.flagger;

import dev.aviary.events.HttpMatch;
import dev.aviary.events.Percent;
import dev.aviary.events.Strategy;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// From `iterations`, `match`, `stepWeight`, `stepWeights` and `maxWeight` to a [Strategy].
///
/// @see <a href="https://docs.flagger.app/usage/deployment-strategies">Flagger: deployment strategies</a>
final class Strategies {
    private static final String ANALYSIS = "spec.analysis.";
    private static final int MOST_STEPS = 10_000;

    private Strategies() {}

    /// @param strict with a stepWeight the last step may pass maxWeight, as Flagger's does
    static Strategy of(CanaryAnalysis analysis, String provider, boolean skipAnalysis, boolean strict) throws Refused {
        int iterations = Numbers.whole(ANALYSIS + "iterations", analysis.iterations(), 0, 0, 1_000_000);
        boolean kubernetes = provider.equals("kubernetes");
        if (kubernetes && !analysis.match().isEmpty()) {
            throw new Refused(ANALYSIS + "match", "is given, but provider kubernetes can't split traffic by request");
        }
        if (kubernetes && iterations < 1) {
            iterations = 10;
        }
        if (iterations == 0 && !analysis.match().isEmpty()) {
            throw new Refused(
                    ANALYSIS + "match",
                    "is given without iterations: an A/B test counts them, it has no growing weight");
        }
        if (iterations > 0) {
            return analysis.match().isEmpty()
                    ? new Strategy.BlueGreen(iterations)
                    : new Strategy.AbTesting(iterations, matches(analysis.match(), provider));
        }
        return new Strategy.Progressive(
                weights(analysis, skipAnalysis, strict),
                share(ANALYSIS + "stepWeightPromotion", analysis.stepWeightPromotion(), BigDecimal.ZERO));
    }

    private static List<Percent> weights(CanaryAnalysis analysis, boolean skipAnalysis, boolean strict) throws Refused {
        var max = share(ANALYSIS + "maxWeight", analysis.maxWeight(), new BigDecimal(100));
        var step = share(ANALYSIS + "stepWeight", analysis.stepWeight(), BigDecimal.ZERO);
        if (step.isAbove(Percent.ZERO)) {
            return bySteps(step, max.isAbove(Percent.ZERO) ? max : Percent.ALL, strict);
        }
        if (!analysis.stepWeights().isEmpty()) {
            return listed(analysis.stepWeights());
        }
        if (skipAnalysis) {
            return List.of(Percent.ALL);
        }
        throw new Refused("spec.analysis", "gives no way: set stepWeight, stepWeights or iterations above zero");
    }

    private static List<Percent> bySteps(Percent step, Percent max, boolean strict) throws Refused {
        var weights = new ArrayList<Percent>();
        for (var weight = step; ; weight = weight.plus(step)) {
            weights.add(weight.isAbove(max) && !strict ? max : weight);
            if (!max.isAbove(weight)) {
                return List.copyOf(weights);
            }
            if (weights.size() > MOST_STEPS) {
                throw new Refused(ANALYSIS + "stepWeight", "would take more than %d steps".formatted(MOST_STEPS));
            }
        }
    }

    private static List<Percent> listed(List<BigDecimal> given) throws Refused {
        var weights = new ArrayList<Percent>();
        for (var weight : given) {
            var field = ANALYSIS + "stepWeights[%d]".formatted(weights.size());
            var share = share(field, weight, BigDecimal.ZERO);
            var before = weights.isEmpty() ? Percent.ZERO : weights.getLast();
            if (!share.isAbove(before)) {
                throw new Refused(field, "is %s; it must be above %s, the one before".formatted(share, before));
            }
            weights.add(share);
        }
        return List.copyOf(weights);
    }

    /// Of traffic, in percent; at most two decimals.
    static Percent share(String field, @Nullable BigDecimal given, BigDecimal absent) throws Refused {
        var share = Numbers.between(field, given == null ? absent : given, 0, 100);
        if (share.stripTrailingZeros().scale() > 2) {
            throw new Refused(field, "is %s; a share has at most two decimals".formatted(Numbers.shown(share)));
        }
        return new Percent(share.movePointRight(2).intValueExact());
    }

    private static List<HttpMatch> matches(List<CanaryAnalysis.Match> given, String provider) throws Refused {
        var matches = new ArrayList<HttpMatch>();
        for (var match : given) {
            var field = ANALYSIS + "match[%d]".formatted(matches.size());
            if (match.headers().isEmpty()
                    && match.queryParams().isEmpty()
                    && match.sourceLabels().isEmpty()) {
                throw new Refused(
                        field, "names no header, query parameter or source label, so every request would match");
            }
            if (!match.sourceLabels().isEmpty() && !provider.equals("istio")) {
                throw new Refused(field + ".sourceLabels", "is known by istio only, not by " + provider);
            }
            var headers = new TreeMap<String, HttpMatch.StringMatch>();
            for (var header : match.headers().entrySet()) {
                headers.put(
                        header.getKey(),
                        one(
                                field + ".headers." + header.getKey(),
                                header.getValue().exact(),
                                header.getValue().prefix(),
                                header.getValue().suffix(),
                                header.getValue().regex()));
            }
            var queryParams = new TreeMap<String, HttpMatch.StringMatch>();
            for (var param : match.queryParams().entrySet()) {
                queryParams.put(
                        param.getKey(),
                        one(
                                field + ".queryParams." + param.getKey(),
                                param.getValue().exact(),
                                param.getValue().prefix(),
                                null,
                                param.getValue().regex()));
            }
            matches.add(new HttpMatch(headers, queryParams, new TreeMap<>(match.sourceLabels())));
        }
        return List.copyOf(matches);
    }

    private static HttpMatch.StringMatch one(
            String field,
            @Nullable String exact,
            @Nullable String prefix,
            @Nullable String suffix,
            @Nullable String regex)
            throws Refused {
        var given = Stream.of(
                        Map.entry(HttpMatch.Kind.EXACT, java.util.Optional.ofNullable(exact)),
                        Map.entry(HttpMatch.Kind.PREFIX, java.util.Optional.ofNullable(prefix)),
                        Map.entry(HttpMatch.Kind.SUFFIX, java.util.Optional.ofNullable(suffix)),
                        Map.entry(HttpMatch.Kind.REGEX, java.util.Optional.ofNullable(regex)))
                .flatMap(entry ->
                        entry.getValue().stream().map(value -> new HttpMatch.StringMatch(entry.getKey(), value)))
                .toList();
        if (given.size() != 1) {
            throw new Refused(field, "must say exactly one of exact, prefix, suffix, regex");
        }
        return given.getFirst();
    }
}
