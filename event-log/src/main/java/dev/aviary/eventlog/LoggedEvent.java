package dev.aviary.eventlog;

import dev.aviary.events.RolloutEvent;
import java.time.Instant;
import java.util.Collections;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/// An event as it lies in the log; the record's timestamp is `now` for whoever hears it.
///
/// @param id    the same at every repeat; who knows it drops the event. See `EventIds`
/// @param taken of a decision, the router's or the analysis', what a replay needs
public record LoggedEvent(String id, RolloutEvent event, Optional<Taken> taken) {
    /// What a replay needs to take the same decision again, directly behind the same input.
    ///
    /// @param seq     counts its decider's decisions for this canary, from 1; never restarts
    /// @param after   offset of the last input known, per topic
    /// @param decider version of the code that decided
    /// @param now     UTC; the input's record time, or the instant that was due
    public record Taken(long seq, SortedMap<String, Long> after, int decider, Instant now) {
        public Taken {
            after = Collections.unmodifiableSortedMap(new TreeMap<>(after));
        }
    }

    public static LoggedEvent fact(String id, RolloutEvent event) {
        return new LoggedEvent(id, event, Optional.empty());
    }

    public static LoggedEvent decision(String id, RolloutEvent event, Taken taken) {
        return new LoggedEvent(id, event, Optional.of(taken));
    }
}
