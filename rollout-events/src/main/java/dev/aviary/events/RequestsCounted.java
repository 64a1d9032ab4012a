package dev.aviary.events;

import java.util.Optional;
import java.util.SortedMap;

/// What one look of the guard counted since the look before, unjudged; on the topic of measurements.
///
/// @param look     counted from 0 within the rollout; one that isn't later than the last says nothing new
/// @param question hash of what was asked: the metrics and their bounds
/// @param metrics  by the metric's name
@WireType("requests-counted.v1")
public record RequestsCounted(RolloutId rollout, int step, int look, String question, SortedMap<String, Count> metrics)
        implements AnalyzerEvent {
    @Override
    public Optional<RolloutId> ofRollout() {
        return Optional.of(rollout);
    }
}
