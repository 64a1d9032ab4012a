package dev.aviary.events;

import java.util.List;
import java.util.Optional;

/// The looks of a step, compactly, so that the log alone explains and replays the rollout.
///
/// @param looks   of the checks, since the event before
/// @param counted the guard's looks that saw requests, since the event before
/// @param pods    that `counted` names by their place in this list; empty in a record from before they were told apart
@WireType("evidence-recorded.v1")
public record EvidenceRecorded(
        RolloutId rollout,
        int step,
        List<MetricsMeasured> looks,
        List<CountedLook> counted,
        Optional<List<CountedPod>> pods)
        implements AnalyzerEvent {
    /// Where no guard looked.
    public EvidenceRecorded(RolloutId rollout, int step, List<MetricsMeasured> looks) {
        this(rollout, step, looks, List.of(), Optional.of(List.of()));
    }

    /// Where the pods weren't told apart.
    public EvidenceRecorded(RolloutId rollout, int step, List<MetricsMeasured> looks, List<CountedLook> counted) {
        this(rollout, step, looks, counted, Optional.empty());
    }

    @Override
    public Optional<RolloutId> ofRollout() {
        return Optional.of(rollout);
    }
}
