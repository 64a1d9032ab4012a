package dev.aviary.events;

import java.time.Instant;
import java.util.List;
import java.util.Optional;

/// A revision begins its way: the canary is scaled up, or a person's word is awaited first.
///
/// @param from     revision that the primary runs, empty if unknown
/// @param to       revision that the canary is to run
/// @param images   of the new revision
/// @param deadline UTC; if the canary isn't ready by then the rollout goes back
/// @param by       who asked for it again, after it had failed
@WireType("rollout-started.v1")
public record RolloutStarted(
        RolloutId rollout,
        String from,
        String to,
        List<String> images,
        Plan plan,
        Instant deadline,
        Optional<String> by)
        implements RouterDecision {
    @Override
    public Optional<RolloutId> ofRollout() {
        return Optional.of(rollout);
    }
}
