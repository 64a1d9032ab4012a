package dev.aviary.events;

import java.util.List;
import java.util.Optional;

/// The looks of a step, compactly, so that the log alone explains and replays the rollout.
///
/// @param looks   of the checks, since the event before
/// @param counted the guard's looks that saw requests, since the event before
@WireType("evidence-recorded.v1")
public record EvidenceRecorded(RolloutId rollout, int step, List<MetricsMeasured> looks, List<CountedLook> counted)
        implements AnalyzerEvent {
    /// Where no guard looked.
    public EvidenceRecorded(RolloutId rollout, int step, List<MetricsMeasured> looks) {
        this(rollout, step, looks, List.of());
    }

    @Override
    public Optional<RolloutId> ofRollout() {
        return Optional.of(rollout);
    }
}
