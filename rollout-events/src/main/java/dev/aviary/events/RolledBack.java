package dev.aviary.events;

import java.time.Duration;
import java.util.List;
import java.util.Optional;

/// The rollout is over: the primary has all traffic and the canary is at zero.
///
/// @param took since it started
@WireType("rolled-back.v1")
public record RolledBack(RolloutId rollout, Duration took, List<String> reasons) implements RouterDecision {
    @Override
    public Optional<RolloutId> ofRollout() {
        return Optional.of(rollout);
    }
}
