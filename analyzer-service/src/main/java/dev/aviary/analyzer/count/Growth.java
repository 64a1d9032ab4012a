package dev.aviary.analyzer.count;

import java.util.HashMap;
import java.util.Map;
import java.util.OptionalDouble;

/// What the counters of one pod have grown by from look to look, series by series, in whole requests.
///
/// A counter that falls began again at zero. Where the pod shows when its process started, a later start says the same
/// of all its counters, and a fall without one is of that counter alone; where it doesn't, one fall stands for
/// all of them, so that the parts of a histogram never come from two processes. A series keeps its last number while it
/// isn't shown. One that appears in a process that was there before the looks began starts a baseline:
/// how much of it is old nobody knows.
///
/// A look that got no answer is left out; the next one counts for both.
///
/// @param <S> names a series
final class Growth<S> {
    private final Map<S, Long> last = new HashMap<>();
    private OptionalDouble process = OptionalDouble.empty();
    private boolean fromZero;
    private boolean newLife;

    /// @param newborn the pod's process started after the looks began: all that it counts is theirs
    Growth(boolean newborn) {
        this.fromZero = newborn;
    }

    /// @param now     the counters' numbers; one that no counter can have is left out
    /// @param started of the process, such as `process_start_time_seconds`; empty if it isn't shown
    /// @return by how much each series shown has grown since the look before, from 0
    Map<S, Long> look(Map<S, Double> now, OptionalDouble started) {
        var counters = new HashMap<S, Long>();
        now.forEach((series, value) -> {
            if (value >= 0 && value < 0x1p62) {
                counters.put(series, value.longValue());
            }
        });
        newLife = isRestarted(counters, started);
        if (newLife) {
            last.clear();
            fromZero = true;
        }
        if (started.isPresent()) {
            process = started;
        }
        var grown = new HashMap<S, Long>();
        counters.forEach((series, value) -> grown.put(series, grown(series, value)));
        last.putAll(counters);
        return grown;
    }

    /// @return the last look found that all counters began again
    boolean isNewLife() {
        return newLife;
    }

    private boolean isRestarted(Map<S, Long> counters, OptionalDouble started) {
        if (started.isPresent() && process.isPresent()) {
            return started.getAsDouble() > process.getAsDouble();
        }
        return counters.entrySet().stream()
                .anyMatch(counter -> counter.getValue() < last.getOrDefault(counter.getKey(), 0L));
    }

    private long grown(S series, long value) {
        var before = last.get(series);
        if (before == null) {
            return fromZero ? value : 0;
        }
        return value < before ? value : value - before;
    }
}
