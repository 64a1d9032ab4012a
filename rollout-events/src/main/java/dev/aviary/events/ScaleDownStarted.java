package dev.aviary.events;

import java.util.Optional;

/// The canary has had no traffic for the drain time: it goes to zero.
@WireType("scale-down-started.v1")
public record ScaleDownStarted(RolloutId rollout) implements RouterDecision {
    @Override
    public Optional<RolloutId> ofRollout() {
        return Optional.of(rollout);
    }
}
