package dev.aviary.events;

import java.util.Optional;

/// What a metric's value may be, both ends included; an end that is absent doesn't bound.
public record Bounds(Optional<Double> min, Optional<Double> max) {
    public boolean hold(double value) {
        return min.filter(bound -> value < bound).isEmpty()
                && max.filter(bound -> value > bound).isEmpty();
    }

    @Override
    public String toString() {
        if (min.isPresent() && max.isPresent()) {
            return "between %s and %s".formatted(shown(min.get()), shown(max.get()));
        }
        return min.map(bound -> "at least " + shown(bound))
                .or(() -> max.map(bound -> "at most " + shown(bound)))
                .orElse("anything");
    }

    private static String shown(double bound) {
        return new java.math.BigDecimal(Double.toString(bound))
                .stripTrailingZeros()
                .toPlainString();
    }
}
