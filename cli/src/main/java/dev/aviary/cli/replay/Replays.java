package dev.aviary.cli.replay;

import dev.aviary.eventlog.topics.Entry;
import dev.aviary.eventlog.topics.History;
import dev.aviary.eventlog.topics.LogConnection;
import dev.aviary.eventlog.topics.Topics;
import dev.aviary.events.CanaryKey;
import dev.aviary.events.RolloutEvent;
import java.time.Instant;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.function.LongConsumer;
import java.util.function.Predicate;

/// Both deciders' decisions about one canary, taken again in one pass over its log.
public final class Replays {
    private static final int PROGRESS = 4096;

    private Replays() {}

    /// @param judged   which decisions are to be proven, the others are taken as they stand
    /// @param now      what came just before may not be answered yet
    /// @param progress is told now and then how many records were read
    public static List<Replay.Result> of(
            LogConnection kafka,
            Topics topics,
            CanaryKey canary,
            Predicate<RolloutEvent> judged,
            Instant now,
            LongConsumer progress) {
        var measured = new Replay.Measured(topics.measurements(), History.first(kafka, topics.measurements(), canary));
        try (var log = History.of(kafka, topics.rolloutEvents(), canary);
                var measurements = History.of(kafka, topics.measurements(), canary)) {
            return of(log.iterator(), measured, measurements.iterator(), judged, now, progress);
        }
    }

    static List<Replay.Result> of(
            Iterator<Entry> log,
            Replay.Measured measured,
            Iterator<Entry> measurements,
            Predicate<RolloutEvent> judged,
            Instant now,
            LongConsumer progress) {
        var rollout = new Replay<>(
                Deciding.ROLLOUT, Optional.empty(), List.<Entry>of().iterator(), judged);
        var analysis = new Replay<>(Deciding.ANALYSIS, Optional.of(measured), measurements, judged);
        long read = 0;
        while (log.hasNext()) {
            var entry = log.next();
            rollout.read(entry);
            analysis.read(entry);
            if (++read % PROGRESS == 0) {
                progress.accept(read);
            }
        }
        return List.of(rollout.end(now), analysis.end(now));
    }
}
