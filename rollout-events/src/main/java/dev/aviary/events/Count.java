package dev.aviary.events;

import java.util.List;
import java.util.Optional;

/// What a look counted for one metric. Answers that are to be expected are types, the missing one too.
public sealed interface Count {
    /// Requests that ended, or certainly failed, since the look before.
    ///
    /// @param source  where the numbers were read
    /// @param allowed failure ratio that the metric's bound allows, between 0 and 1
    /// @param what    completes "23 of 41 requests …", such as `took longer than 500 ms`
    /// @param note    what else a reader should know, such as why the looks come from Prometheus
    /// @param pods    that had requests, of both sides
    @WireType("counted")
    record Counted(Source source, double allowed, String what, Optional<String> note, List<PodCount> pods)
            implements Count {}

    /// No counts stand behind the metric, or none that are understood: its value is checked, the guard leaves it alone.
    @WireType("threshold-only")
    record ThresholdOnly(String reason) implements Count {}

    /// The counts couldn't be read at this look; that says nothing about the canary.
    @WireType("unread")
    record Unread(String why) implements Count {}

    /// One pod's share.
    ///
    /// @param node that it runs on, empty if unknown
    /// @param life of its container, counted from 1 with each restart that was seen; empty before the first one
    record PodCount(String pod, String node, Side side, long failures, long total, Optional<Integer> life) {
        public PodCount(String pod, String node, Side side, long failures, long total) {
            this(pod, node, side, failures, total, Optional.empty());
        }
    }

    enum Side {
        CANARY,
        PRIMARY
    }

    enum Source {
        /// The pods' own `/metrics`.
        PODS,
        /// The same, with requests that haven't ended yet.
        PODS_IN_FLIGHT,
        /// Raw counters in Prometheus, at its scrape interval.
        PROMETHEUS
    }
}
