package dev.aviary.events;

import java.util.Optional;

/// The new primary is ready, or must take over: traffic goes back to it.
///
/// @param canary share that stays with the canary for now
@WireType("traffic-return-started.v1")
public record TrafficReturnStarted(RolloutId rollout, Percent canary) implements RouterDecision {
    @Override
    public Optional<RolloutId> ofRollout() {
        return Optional.of(rollout);
    }
}
