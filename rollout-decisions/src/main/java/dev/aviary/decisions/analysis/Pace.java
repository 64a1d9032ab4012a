package dev.aviary.decisions.analysis;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/// How fast requests came lately: two marks, of which the earlier one is mostly half a minute to a minute old.
///
/// @param before requests by `earlier`
/// @param then   requests by `later`
record Pace(Instant earlier, long before, Instant later, long then) {
    private static final Duration SPAN = Duration.ofSeconds(30);

    /// @param requests so far
    static Pace from(Instant now, long requests) {
        return new Pace(now, requests, now, requests);
    }

    Pace seen(Instant now, long requests) {
        return isOver(later, now) ? new Pace(later, then, now, requests) : this;
    }

    /// How fast it is at `now`. A look that saw nothing new is not told, so silence since the last one is no traffic.
    ///
    /// @param last     when the last look came
    /// @param requests by then
    Lately at(Instant now, Instant last, long requests) {
        if (isOver(last, now)) {
            return new Lately(0, Duration.between(last, now));
        }
        return isOver(later, now)
                ? new Lately(requests - then, Duration.between(later, now))
                : new Lately(requests - before, Duration.between(earlier, now));
    }

    private static boolean isOver(Instant from, Instant now) {
        return Duration.between(from, now).compareTo(SPAN) >= 0;
    }

    /// @param requests that came
    /// @param over     in this time
    record Lately(long requests, Duration over) {
        boolean isSilent() {
            return requests <= 0 && over.compareTo(SPAN) >= 0;
        }

        /// @return how long so many more take; empty if none came
        Optional<Duration> timeFor(long more) {
            return requests > 0 && over.isPositive()
                    ? Optional.of(Duration.ofMillis((long) ((double) more * over.toMillis() / requests)))
                    : Optional.empty();
        }
    }
}
