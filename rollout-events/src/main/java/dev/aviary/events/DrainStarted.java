package dev.aviary.events;

import java.time.Instant;
import java.util.Optional;

/// The canary gets no new requests; those under way may end.
///
/// @param until UTC; then it is scaled down
@WireType("drain-started.v1")
public record DrainStarted(RolloutId rollout, Instant until) implements RouterDecision {
    @Override
    public Optional<RolloutId> ofRollout() {
        return Optional.of(rollout);
    }
}
