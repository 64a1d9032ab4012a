package dev.aviary.events;

import java.util.List;
import java.util.Optional;

/// The looks of a step, compactly, so that the log alone explains and replays the rollout.
@WireType("evidence-recorded.v1")
public record EvidenceRecorded(RolloutId rollout, int step, List<MetricsMeasured> looks) implements AnalyzerEvent {
    @Override
    public Optional<RolloutId> ofRollout() {
        return Optional.of(rollout);
    }
}
