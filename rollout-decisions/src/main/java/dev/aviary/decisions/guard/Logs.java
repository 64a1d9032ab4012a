package dev.aviary.decisions.guard;

import java.util.List;

/// Sums of numbers that are kept as their natural logarithms.
final class Logs {
    private Logs() {}

    /// @return `ln(e^a + e^b)`
    static double sum(double a, double b) {
        double larger = Math.max(a, b);
        return larger == Double.NEGATIVE_INFINITY
                ? larger
                : larger + StrictMath.log1p(StrictMath.exp(Math.min(a, b) - larger));
    }

    /// @return logarithm of the mean
    static double mean(List<Double> logs) {
        return logs.stream().reduce(Double.NEGATIVE_INFINITY, Logs::sum) - StrictMath.log(logs.size());
    }
}
