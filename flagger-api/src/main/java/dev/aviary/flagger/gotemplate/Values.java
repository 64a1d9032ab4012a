package dev.aviary.flagger.gotemplate;

import java.math.BigDecimal;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;

/// Go's values: String, Long, Double, Boolean, List, Map; nil is [Nil].
final class Values {
    static final Nil NIL = new Nil();

    record Nil() {
        @Override
        public String toString() {
            return "<no value>";
        }
    }

    private Values() {}

    static Object of(Optional<Object> value) {
        return value.orElse(NIL);
    }

    static boolean truth(Object value) {
        return switch (value) {
            case Boolean yes -> yes;
            case Long number -> number != 0;
            case Double number -> number != 0;
            case String text -> !text.isEmpty();
            case List<?> list -> !list.isEmpty();
            case Map<?, ?> map -> !map.isEmpty();
            default -> false;
        };
    }

    /// As Go's fmt prints it with `%v`.
    static String shown(Object value) {
        return switch (value) {
            case Double number -> general(number);
            case List<?> list -> list.stream().map(Values::shown).collect(Collectors.joining(" ", "[", "]"));
            case Map<?, ?> map ->
                new TreeMap<>(map)
                        .entrySet().stream()
                                .map(entry -> shown(entry.getKey()) + ":" + shown(entry.getValue()))
                                .collect(Collectors.joining(" ", "map[", "]"));
            default -> value.toString();
        };
    }

    /// Go's `%v` of a float64: shortest digits, with an exponent below 1e-4 and from 1e21 on.
    static String general(double number) {
        if (!Double.isFinite(number)) {
            return Double.isNaN(number) ? "NaN" : number > 0 ? "+Inf" : "-Inf";
        }
        var digits = new BigDecimal(Double.toString(number)).stripTrailingZeros();
        int exponent = digits.precision() - digits.scale() - 1;
        if (digits.signum() == 0 || (exponent >= -4 && exponent < 21)) {
            return digits.toPlainString();
        }
        var mantissa = digits.movePointLeft(exponent).stripTrailingZeros().toPlainString();
        return "%se%s%02d".formatted(mantissa, exponent < 0 ? "-" : "+", Math.abs(exponent));
    }

    static String type(Object value) {
        return switch (value) {
            case String _ -> "string";
            case Long _ -> "int";
            case Double _ -> "float64";
            case Boolean _ -> "bool";
            case List<?> _ -> "slice";
            case Map<?, ?> _ -> "map";
            default -> "nil";
        };
    }
}
