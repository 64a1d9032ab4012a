package dev.aviary.analyzer.count;

import dev.aviary.events.CanaryKey;
import dev.aviary.events.CanarySpec;
import dev.aviary.events.Count;
import java.time.Duration;
import java.time.Instant;
import java.util.SortedMap;

/// Where the guard's counts come from.
public interface Counting {
    /// What a rollout's looks share: the counters as they were at the last one.
    @FunctionalInterface
    interface Session {
        /// What was counted since the look before, by the metric's name. May block; whatever goes wrong is in the
        /// answer. One at a time.
        SortedMap<String, Count> look();

        /// @param asked from one look to the next, by the guard's settings
        /// @return the same, or less where requests that haven't ended yet can be told sooner
        default Duration pace(Duration asked) {
            return asked;
        }
    }

    /// @param now requests from now on count; those of a pod that starts later all do
    Session begin(CanaryKey canary, CanarySpec spec, Instant now);

    /// What the primary serves while the canary's pods, which can't answer yet, are starting.
    default Session ahead(CanaryKey canary, CanarySpec spec, Instant now) {
        return begin(canary, spec, now);
    }
}
