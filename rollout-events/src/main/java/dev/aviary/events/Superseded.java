package dev.aviary.events;

import java.util.Optional;

/// A newer revision, target or provider took the rollout's place; its traffic went back to the primary.
///
/// @param by revision, or what else changed
@WireType("superseded.v1")
public record Superseded(RolloutId rollout, String by) implements RouterDecision {
    @Override
    public Optional<RolloutId> ofRollout() {
        return Optional.of(rollout);
    }
}
