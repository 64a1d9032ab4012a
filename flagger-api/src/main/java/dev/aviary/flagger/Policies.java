package dev.aviary.flagger;

import dev.aviary.events.GuardSpec;
import dev.aviary.events.Percent;
import dev.aviary.events.Policy;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// A [Policy] as people write it: YAML or JSON, read into maps.
///
/// ```yaml
/// threshold: 2                  # failed checks that take a rollout back
/// steps: [5, 20, 50]            # weights in percent
/// iterations: 5                 # checks of a blue-green or A/B rollout
/// metrics:
///   request-success-rate: {min: 99.5}
///   latency: {max: 400, allowed: 0.005}
/// guard: {mode: primary, alpha: 0.01, burnIn: 0, every: 5s}
/// ```
public final class Policies {
    private static final int MOST_SHOWN = 80;
    private static final double MOST_ALPHA = 0.1;
    private static final double MOST_BETA = 0.2;

    private Policies() {}

    /// @throws IllegalArgumentException which field, what is wrong and what it must be
    public static Policy read(Object document) {
        var policy = fields("the policy", document, Set.of("threshold", "steps", "iterations", "metrics", "guard"));
        return new Policy(
                count("threshold", policy.get("threshold"), 1),
                Optional.ofNullable(policy.get("steps")).map(Policies::steps),
                count("iterations", policy.get("iterations"), 1),
                metrics(policy.get("metrics")),
                guard(policy.get("guard")));
    }

    private static SortedMap<String, Policy.Metric> metrics(@Nullable Object given) {
        var metrics = new TreeMap<String, Policy.Metric>();
        map("metrics", given).forEach((name, of) -> {
            var at = "metrics." + name;
            var fields = fields(at, of, Set.of("min", "max", "allowed"));
            metrics.put(
                    String.valueOf(name),
                    new Policy.Metric(
                            number(at + ".min", fields.get("min")),
                            number(at + ".max", fields.get("max")),
                            between(at + ".allowed", fields.get("allowed"), 1)));
        });
        return metrics;
    }

    private static Policy.Guard guard(@Nullable Object given) {
        var fields = fields(
                "guard",
                given,
                Set.of("mode", "alpha", "burnIn", "every", "suspect", "clearAt", "clearBeta", "budget"));
        return new Policy.Guard(
                choice("guard.mode", fields.get("mode"), GuardSpec.Mode.values()),
                between("guard.alpha", fields.get("alpha"), MOST_ALPHA),
                count("guard.burnIn", fields.get("burnIn"), 0),
                Optional.ofNullable(fields.get("every")).map(Policies::every),
                choice("guard.suspect", fields.get("suspect"), GuardSpec.Suspect.values()),
                between("guard.clearAt", fields.get("clearAt"), 1),
                count("guard.budget", fields.get("budget"), 1).map(Integer::longValue),
                between("guard.clearBeta", fields.get("clearBeta"), MOST_BETA));
    }

    private static Map<?, ?> fields(String where, @Nullable Object given, Set<String> known) {
        var fields = map(where, given);
        fields.keySet().stream()
                .map(String::valueOf)
                .filter(name -> !known.contains(name))
                .findFirst()
                .ifPresent(name -> {
                    throw new IllegalArgumentException("%s has no field \"%s\"; known: %s"
                            .formatted(where, name, String.join(", ", new TreeSet<>(known))));
                });
        return fields;
    }

    private static Map<?, ?> map(String where, @Nullable Object given) {
        return switch (given) {
            case null -> Map.of();
            case Map<?, ?> map -> map;
            default -> throw refused(where, given, "it must have fields");
        };
    }

    private static Optional<Double> number(String where, @Nullable Object given) {
        return switch (given) {
            case null -> Optional.empty();
            case Number number when Double.isFinite(number.doubleValue()) -> Optional.of(number.doubleValue());
            default -> throw refused(where, given, "it must be a number");
        };
    }

    private static Optional<Double> between(String where, @Nullable Object given, double most) {
        var number = number(where, given);
        if (number.filter(value -> !(value > 0 && value < 1 && value <= most)).isPresent()) {
            throw refused(
                    where, given, "it must be above 0 and %s".formatted(most < 1 ? "at most " + most : "below 1"));
        }
        return number;
    }

    private static Optional<Integer> count(String where, @Nullable Object given, int least) {
        return switch (given) {
            case null -> Optional.empty();
            case Integer count when count >= least -> Optional.of(count);
            default -> throw refused(where, given, "it must be a whole number from %d".formatted(least));
        };
    }

    private static List<Percent> steps(Object given) {
        var steps = new ArrayList<Percent>();
        var before = Percent.ZERO;
        for (var weight : given instanceof List<?> weights ? weights : List.of("")) {
            var next = percent(weight).orElseThrow(() -> refusedSteps(given));
            if (!next.isAbove(before)) {
                throw refusedSteps(given);
            }
            steps.add(next);
            before = next;
        }
        if (steps.isEmpty()) {
            throw refusedSteps(given);
        }
        return List.copyOf(steps);
    }

    private static IllegalArgumentException refusedSteps(Object given) {
        return refused(
                "steps", given, "it must be a list of growing weights, above 0 and at most 100, such as [5, 50]");
    }

    private static Optional<Percent> percent(@Nullable Object given) {
        try {
            return given instanceof Number number
                    ? Optional.of(Percent.of(new BigDecimal(number.toString()).toPlainString()))
                    : Optional.empty();
        } catch (IllegalArgumentException | ArithmeticException none) {
            return Optional.empty();
        }
    }

    private static Duration every(Object given) {
        return GoDuration.parse(given.toString())
                .filter(time -> time.compareTo(GuardSpec.FASTEST) >= 0 && time.compareTo(Duration.ofMinutes(1)) <= 0)
                .orElseThrow(() -> refused("guard.every", given, "it must be a duration from 250ms to 1m"));
    }

    private static <E extends Enum<E>> Optional<E> choice(String where, @Nullable Object given, E[] known) {
        // YAML reads a bare `off` as false.
        var word = given instanceof Boolean said ? (said ? "on" : "off") : String.valueOf(given);
        var found = Stream.of(known).filter(one -> word(one).equals(word)).findFirst();
        if (given != null && found.isEmpty()) {
            var words = Stream.of(known).map(Policies::word).collect(Collectors.joining(", "));
            throw refused(where, given, "known: " + words);
        }
        return found;
    }

    /// As in the Canary's annotations.
    private static String word(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT).replace("_", "");
    }

    private static IllegalArgumentException refused(String where, @Nullable Object given, String way) {
        return new IllegalArgumentException("%s is \"%s\"; %s".formatted(where, shown(String.valueOf(given)), way));
    }

    /// The wrong file's whole text tells nobody more.
    private static String shown(String given) {
        return given.length() <= MOST_SHOWN ? given : given.substring(0, MOST_SHOWN) + " …";
    }
}
