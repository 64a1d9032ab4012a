package dev.aviary.cli.bench;

import java.util.List;
import java.util.function.ToLongFunction;

/// Milliseconds.
record Quantiles(long p50, long p90, long p99, long max) {
    /// By nearest rank: each is a value that was measured.
    static <T> Quantiles of(List<T> measured, ToLongFunction<T> millis) {
        var sorted = measured.stream().mapToLong(millis).sorted().toArray();
        return new Quantiles(at(sorted, 50), at(sorted, 90), at(sorted, 99), at(sorted, 100));
    }

    private static long at(long[] sorted, int percent) {
        return sorted.length == 0 ? 0 : sorted[(int) Math.ceilDiv((long) percent * sorted.length, 100L) - 1];
    }
}
