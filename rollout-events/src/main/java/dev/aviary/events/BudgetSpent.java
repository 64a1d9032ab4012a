package dev.aviary.events;

import java.util.List;
import java.util.Optional;

/// The bad answers that a rollout may cost are used up, whether they are more than its bounds allow or not.
///
/// @param metric by which they are
/// @param spent  bad answers of the canary so far, those of its pods' first requests too
/// @param budget that the Canary gives
/// @param guard  what the guard knew then, per metric
@WireType("budget-spent.v1")
public record BudgetSpent(
        RolloutId rollout,
        int step,
        int look,
        String metric,
        long spent,
        long budget,
        String reason,
        List<GuardResult> guard)
        implements AnalyzerEvent {
    @Override
    public Optional<RolloutId> ofRollout() {
        return Optional.of(rollout);
    }
}
