package dev.aviary.events;

import java.util.List;
import java.util.Optional;

/// The rollout goes back, whatever is heard later.
///
/// @param step         it was in, -1 before the first
/// @param cause        why, as a word
/// @param failedChecks of the whole rollout
/// @param canary       share that the canary keeps: zero, unless the primary is known to be broken
/// @param reasons      why, in sentences
@WireType("rollback-started.v1")
public record RollbackStarted(
        RolloutId rollout, int step, Cause cause, int failedChecks, Percent canary, List<String> reasons)
        implements RouterDecision {
    public enum Cause {
        FAILED_CHECKS,
        GUARD,
        DEADLINE,
        ROLLBACK_HOOK,
        ABORTED,
        ROUTE_CHANGED,
        TARGET_REVERTED,
        CANARY_UNAVAILABLE,
        WENT_BLIND
    }

    @Override
    public Optional<RolloutId> ofRollout() {
        return Optional.of(rollout);
    }
}
