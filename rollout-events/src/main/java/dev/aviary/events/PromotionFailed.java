package dev.aviary.events;

import java.util.List;
import java.util.Optional;

/// The primary didn't become ready with a revision that had passed: the canary, which had, serves everything.
@WireType("promotion-failed.v1")
public record PromotionFailed(RolloutId rollout, List<String> reasons) implements RouterDecision {
    @Override
    public Optional<RolloutId> ofRollout() {
        return Optional.of(rollout);
    }
}
