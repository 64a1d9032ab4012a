package dev.aviary.events;

import java.time.Instant;
import java.util.Optional;

/// The canary is to run the revision; it has no traffic yet.
///
/// @param deadline UTC; if the canary isn't ready by then the rollout goes back
@WireType("scale-up-started.v1")
public record ScaleUpStarted(RolloutId rollout, Instant deadline) implements RouterDecision {
    @Override
    public Optional<RolloutId> ofRollout() {
        return Optional.of(rollout);
    }
}
