package dev.aviary.events;

import java.util.List;
import java.util.Optional;
import java.util.SortedMap;

/// What one look saw, unjudged; on the topic of measurements.
///
/// @param look     counted from 0 within the step
/// @param question hash of what was asked: the metrics and their bounds
/// @param metrics  by the metric's name
/// @param hooks    the `rollout` webhooks that were called at this look, up to the first that failed
@WireType("metrics-measured.v1")
public record MetricsMeasured(
        RolloutId rollout,
        int step,
        int look,
        String question,
        SortedMap<String, Measurement> metrics,
        List<HookResult> hooks)
        implements AnalyzerEvent {
    @Override
    public Optional<RolloutId> ofRollout() {
        return Optional.of(rollout);
    }
}
