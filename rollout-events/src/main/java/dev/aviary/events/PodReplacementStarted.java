package dev.aviary.events;

import java.time.Instant;
import java.util.List;
import java.util.Optional;

/// One pod of the canary is to go, so that its controller makes another. The step keeps its weight and doesn't rise
/// before the other was judged.
///
/// @param step     0-based index into the plan
/// @param node     that the pod runs on, empty if unknown
/// @param goneBy   UTC; if the pod isn't gone by then, the rollout goes back
/// @param deadline UTC; without a conclusive check by then the rollout goes back
/// @param reasons  why, in sentences
@WireType("pod-replacement-started.v1")
public record PodReplacementStarted(
        RolloutId rollout, int step, String pod, String node, Instant goneBy, Instant deadline, List<String> reasons)
        implements RouterDecision {
    @Override
    public Optional<RolloutId> ofRollout() {
        return Optional.of(rollout);
    }
}
