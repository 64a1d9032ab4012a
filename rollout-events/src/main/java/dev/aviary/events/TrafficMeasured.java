package dev.aviary.events;

import java.time.Duration;
import java.util.Optional;

/// What the primary serves while the canary starts: a budget chooses the first weight by it.
///
/// @param requests that ended
/// @param over     in this time
@WireType("traffic-measured.v1")
public record TrafficMeasured(RolloutId rollout, long requests, Duration over) implements AnalyzerEvent {
    @Override
    public Optional<RolloutId> ofRollout() {
        return Optional.of(rollout);
    }
}
