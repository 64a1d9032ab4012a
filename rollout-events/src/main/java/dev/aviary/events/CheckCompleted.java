package dev.aviary.events;

import java.util.List;
import java.util.Optional;

/// The metrics at the end of one interval, held against their bounds. The router counts the failed ones.
///
/// @param look    counted from 0 within the step; a repeated one isn't counted again
/// @param reasons one sentence for each metric or hook that decided it
/// @param guard   what the guard knew then, per metric
@WireType("check-completed.v1")
public record CheckCompleted(
        RolloutId rollout,
        int step,
        int look,
        Verdict verdict,
        List<MetricResult> metrics,
        List<String> reasons,
        List<GuardResult> guard)
        implements AnalyzerEvent {
    /// Where no guard looked.
    public CheckCompleted(
            RolloutId rollout, int step, int look, Verdict verdict, List<MetricResult> metrics, List<String> reasons) {
        this(rollout, step, look, verdict, metrics, reasons, List.of());
    }

    @Override
    public Optional<RolloutId> ofRollout() {
        return Optional.of(rollout);
    }
}
