package dev.aviary.flagger;

import dev.aviary.events.GuardSpec;
import java.time.Duration;
import java.util.Collection;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Pattern;

/// The annotations `aviary.dev/guard…`.
final class Guards {
    static final String MODE = "aviary.dev/guard";
    static final String ALPHA = "aviary.dev/guard-alpha";
    static final String BURN_IN = "aviary.dev/guard-burn-in";
    static final String EVERY = "aviary.dev/guard-every";
    static final String SUSPECT = "aviary.dev/guard-suspect";
    static final String IN_FLIGHT = "aviary.dev/guard-in-flight";

    static final String CLEAR_AT = "aviary.dev/guard-clear-at";
    static final String CLEAR_BETA = "aviary.dev/guard-clear-beta";

    static final String BUDGET = "aviary.dev/guard-budget";

    private static final double MOST_ALPHA = 0.1;
    private static final double MOST_BETA = 0.2;
    private static final long MOST_BUDGET = 1_000_000_000;
    private static final int MOST_BURN_IN = 1_000_000;
    private static final Pattern METRIC = Pattern.compile("[a-zA-Z_:][a-zA-Z0-9_:]*");

    private Guards() {}

    /// @param metrics names of the Canary's metrics
    /// @return empty if no annotation is there
    static Optional<GuardSpec> of(Canary canary, Collection<String> metrics) throws Refused {
        var given = Optional.ofNullable(canary.getMetadata().getAnnotations()).orElse(Map.of());
        if (!given.keySet().stream().anyMatch(name -> name.equals(MODE) || name.startsWith(MODE + "-"))) {
            return Optional.empty();
        }
        var usual = GuardSpec.DEFAULT;
        var spec = new GuardSpec(
                mode(given.getOrDefault(MODE, "bound")),
                given.containsKey(ALPHA) ? alpha(given.get(ALPHA)) : usual.alpha(),
                given.containsKey(BURN_IN) ? burnIn(given.get(BURN_IN)) : usual.burnIn(),
                given.containsKey(EVERY) ? every(given.get(EVERY)) : usual.every(),
                given.containsKey(SUSPECT) ? suspect(given.get(SUSPECT)) : usual.suspect(),
                given.containsKey(CLEAR_AT) ? Optional.of(clearAt(given.get(CLEAR_AT))) : usual.clearAt(),
                given.containsKey(BUDGET) ? Optional.of(budget(given.get(BUDGET))) : usual.budget(),
                given.containsKey(IN_FLIGHT) ? Optional.of(gauges(given.get(IN_FLIGHT), metrics)) : usual.inFlight(),
                given.containsKey(CLEAR_BETA) ? Optional.of(clearBeta(given.get(CLEAR_BETA))) : usual.clearBeta());
        if (!spec.acts() && given.containsKey(CLEAR_AT)) {
            throw idle(CLEAR_AT, given.get(CLEAR_AT), spec.mode());
        }
        if (!spec.acts() && given.containsKey(BUDGET)) {
            throw idle(BUDGET, given.get(BUDGET), spec.mode());
        }
        if (given.containsKey(CLEAR_BETA) && spec.clearAt().isEmpty()) {
            throw refused(CLEAR_BETA, given.get(CLEAR_BETA), "it belongs to " + CLEAR_AT + ", which isn't there");
        }
        return Optional.of(spec);
    }

    private static GuardSpec.Mode mode(String given) throws Refused {
        return switch (given) {
            case "off" -> GuardSpec.Mode.OFF;
            case "shadow" -> GuardSpec.Mode.SHADOW;
            case "bound" -> GuardSpec.Mode.BOUND;
            case "primary" -> GuardSpec.Mode.PRIMARY;
            default -> throw refused(MODE, given, "known: off, shadow, bound, primary");
        };
    }

    private static double alpha(String given) throws Refused {
        try {
            double alpha = Double.parseDouble(given);
            if (alpha > 0 && alpha <= MOST_ALPHA) {
                return alpha;
            }
        } catch (NumberFormatException none) {
            throw refused(ALPHA, given, "it must be a number such as 0.001");
        }
        throw refused(ALPHA, given, "it must be above 0 and at most 0.1");
    }

    private static double clearAt(String given) throws Refused {
        try {
            double ratio = Double.parseDouble(given);
            if (ratio > 0 && ratio < 1) {
                return ratio;
            }
        } catch (NumberFormatException none) {
            throw refused(CLEAR_AT, given, "it must be a failure ratio such as 0.05");
        }
        throw refused(CLEAR_AT, given, "it must be above 0 and below 1");
    }

    private static double clearBeta(String given) throws Refused {
        try {
            double beta = Double.parseDouble(given);
            if (beta > 0 && beta <= MOST_BETA) {
                return beta;
            }
        } catch (NumberFormatException none) {
            throw refused(CLEAR_BETA, given, "it must be a number such as 0.05");
        }
        throw refused(CLEAR_BETA, given, "it must be above 0 and at most 0.2");
    }

    private static long budget(String given) throws Refused {
        try {
            long answers = Long.parseLong(given);
            if (answers > 0 && answers <= MOST_BUDGET) {
                return answers;
            }
        } catch (NumberFormatException none) {
            throw refused(BUDGET, given, "it must be a whole number of bad answers");
        }
        throw refused(BUDGET, given, "it must be from 1 to %d".formatted(MOST_BUDGET));
    }

    private static int burnIn(String given) throws Refused {
        try {
            int requests = Integer.parseInt(given);
            if (requests >= 0 && requests <= MOST_BURN_IN) {
                return requests;
            }
        } catch (NumberFormatException none) {
            throw refused(BURN_IN, given, "it must be a whole number of requests");
        }
        throw refused(BURN_IN, given, "it must be from 0 to %d".formatted(MOST_BURN_IN));
    }

    private static Duration every(String given) throws Refused {
        return GoDuration.parse(given)
                .filter(time -> time.compareTo(GuardSpec.FASTEST) >= 0 && time.compareTo(Duration.ofMinutes(1)) <= 0)
                .orElseThrow(() -> refused(EVERY, given, "it must be a duration from 250ms to 1m"));
    }

    private static GuardSpec.Suspect suspect(String given) throws Refused {
        return switch (given) {
            case "hold" -> GuardSpec.Suspect.HOLD;
            case "rollback" -> GuardSpec.Suspect.ROLL_BACK;
            default -> throw refused(SUSPECT, given, "known: hold, rollback");
        };
    }

    private static SortedMap<String, String> gauges(String given, Collection<String> metrics) throws Refused {
        var gauges = new TreeMap<String, String>();
        if (given.equals("off")) {
            return gauges;
        }
        for (var pair : given.split(",", -1)) {
            var parts = pair.strip().split("=", 2);
            if (parts.length < 2
                    || parts[0].isBlank()
                    || !METRIC.matcher(parts[1]).matches()) {
                throw refused(
                        IN_FLIGHT,
                        given,
                        "it must be METRIC=GAUGE, the name of one of the Canary's metrics and of the gauge beside its"
                                + " histogram, several by comma, or \"off\"");
            }
            if (!metrics.contains(parts[0])) {
                throw refused(
                        IN_FLIGHT,
                        given,
                        "the Canary has no metric \"%s\"; it has: %s".formatted(parts[0], String.join(", ", metrics)));
            }
            gauges.put(parts[0], parts[1]);
        }
        return gauges;
    }

    private static Refused idle(String annotation, String given, GuardSpec.Mode mode) {
        return refused(
                annotation,
                given,
                "the guard is %s and may not move traffic; make it bound or primary, or take this annotation away"
                        .formatted(mode.name().toLowerCase(Locale.ROOT)));
    }

    private static Refused refused(String annotation, String given, String way) {
        return new Refused(CanarySpecs.annotationField(annotation), "is \"%s\"; %s".formatted(given, way));
    }
}
