package dev.aviary.events;

import java.time.Duration;
import java.util.Optional;

/// The rollout is over: the primary runs the revision.
///
/// @param took    since it started
/// @param skipped without analysis
@WireType("promoted.v1")
public record Promoted(RolloutId rollout, Duration took, boolean skipped) implements RouterDecision {
    @Override
    public Optional<RolloutId> ofRollout() {
        return Optional.of(rollout);
    }
}
