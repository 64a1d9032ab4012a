package dev.aviary.events;

import java.time.Instant;
import java.util.List;
import java.util.Optional;

/// The revision has earned the primary's place: the primary gets its template. Nothing that comes later
/// overrules it.
///
/// @param canary   share that the canary has while the primary is updated
/// @param deadline UTC; by then the primary must be ready
/// @param reasons  why: passed, skipped, or a person's word
@WireType("promotion-started.v1")
public record PromotionStarted(RolloutId rollout, int step, Percent canary, Instant deadline, List<String> reasons)
        implements RouterDecision {
    @Override
    public Optional<RolloutId> ofRollout() {
        return Optional.of(rollout);
    }
}
