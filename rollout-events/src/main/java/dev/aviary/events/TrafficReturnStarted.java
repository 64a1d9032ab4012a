package dev.aviary.events;

import java.time.Instant;
import java.util.Optional;

/// The new primary is ready, or must take over: traffic goes back to it.
///
/// @param canary share that stays with the canary for now
/// @param next   UTC; when the next share follows, if one stays
@WireType("traffic-return-started.v1")
public record TrafficReturnStarted(RolloutId rollout, Percent canary, Instant next) implements RouterDecision {
    @Override
    public Optional<RolloutId> ofRollout() {
        return Optional.of(rollout);
    }
}
