package dev.aviary.decisions.guard;

import java.util.List;
import java.util.OptionalLong;
import java.util.stream.IntStream;

/// How far evidence is from a bound, in requests: where it would stand on average, which is where it stands half the
/// time, not a promise. Beginnings yet to come are left out; they add little.
final class Forecast {
    private static final long MOST = 1L << 50;

    private Forecast() {}

    /// @param logs   natural logarithms of the evidence as it is, one per alternative
    /// @param growth of each with one more request, on average
    /// @param bound  natural logarithm of what their mean is to reach
    /// @return empty if it gets there by luck only
    static OptionalLong requests(List<Double> logs, List<Double> growth, double bound) {
        // One alternative that grows gets there by itself; the mean of all is there before.
        var most = IntStream.range(0, logs.size())
                .filter(at -> growth.get(at) > 0)
                .mapToDouble(at -> (bound + StrictMath.log(logs.size()) - logs.get(at)) / growth.get(at))
                .min();
        if (most.isEmpty() || most.getAsDouble() > MOST) {
            return OptionalLong.empty();
        }
        long few = 0;
        long many = Math.max((long) StrictMath.ceil(most.getAsDouble()), 0);
        // A sum of exponentials that is below the bound now crosses it once.
        while (few < many) {
            long more = few + (many - few) / 2;
            if (after(more, logs, growth) >= bound) {
                many = more;
            } else {
                few = more + 1;
            }
        }
        return OptionalLong.of(many);
    }

    private static double after(long requests, List<Double> logs, List<Double> growth) {
        return Logs.mean(IntStream.range(0, logs.size())
                .mapToObj(at -> logs.get(at) + requests * growth.get(at))
                .toList());
    }
}
