package dev.aviary.events;

import java.util.List;
import java.util.Optional;

/// A revision begins its way. What comes next is [ScaleUpStarted], or a gate before it.
///
/// @param from     revision that the primary runs, empty if unknown
/// @param to       revision that the canary is to run
/// @param images   of the new revision
/// @param plan     frozen with it
/// @param by       who asked for it again, after it had failed
@WireType("rollout-started.v1")
public record RolloutStarted(
        RolloutId rollout, String from, String to, List<String> images, Plan plan, Optional<String> by)
        implements RouterDecision {
    @Override
    public Optional<RolloutId> ofRollout() {
        return Optional.of(rollout);
    }
}
