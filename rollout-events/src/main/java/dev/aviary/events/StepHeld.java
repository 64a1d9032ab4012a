package dev.aviary.events;

import java.time.Instant;
import java.util.List;
import java.util.Optional;

/// The rollout stays where it is: a failed check below the threshold, a closed gate, a pause.
///
/// @param step         -1 before the first
/// @param look         of the check, -1 if it was none
/// @param failedChecks of the whole rollout so far, this one included
/// @param deadline     UTC
@WireType("step-held.v1")
public record StepHeld(RolloutId rollout, int step, int look, int failedChecks, Instant deadline, List<String> reasons)
        implements RouterDecision {
    @Override
    public Optional<RolloutId> ofRollout() {
        return Optional.of(rollout);
    }
}
