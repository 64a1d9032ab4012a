package dev.aviary.decisions.analysis;

import dev.aviary.events.Count.Counted;
import dev.aviary.events.Count.PodCount;
import dev.aviary.events.Count.Side;
import dev.aviary.events.RequestsCounted;
import dev.aviary.events.RolloutId;
import dev.aviary.events.TrafficMeasured;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/// What the primary serves while the canary starts.
///
/// @param from     of the look behind which it is counted
/// @param requests of the primary since then
public record Ahead(Optional<Instant> from, long requests) {
    static final Ahead NEW = new Ahead(Optional.empty(), 0);

    private static final Duration LONG_ENOUGH = Duration.ofSeconds(3);

    /// Several metrics may count the same requests; the one that counts the most counts them all.
    Ahead seen(RequestsCounted counted, Instant now) {
        var came = counted.metrics().values().stream()
                .filter(Counted.class::isInstance)
                .mapToLong(count -> ((Counted) count)
                        .pods().stream()
                                .filter(pod -> pod.side() == Side.PRIMARY)
                                .mapToLong(PodCount::total)
                                .sum())
                .max();
        if (came.isEmpty()) {
            return this;
        }
        return from.isPresent() ? new Ahead(from, requests + came.getAsLong()) : new Ahead(Optional.of(now), 0);
    }

    Optional<TrafficMeasured> measured(RolloutId rollout, Instant now) {
        return from.map(since -> Duration.between(since, now))
                .filter(over -> over.compareTo(LONG_ENOUGH) >= 0)
                .map(over -> new TrafficMeasured(rollout, requests, over));
    }
}
