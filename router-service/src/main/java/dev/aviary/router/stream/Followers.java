package dev.aviary.router.stream;

import dev.aviary.decisions.rollout.RolloutState;
import dev.aviary.events.CanaryKey;
import java.util.List;
import java.util.Optional;

/// Several as one.
public record Followers(List<Follower> all) implements Follower {
    @Override
    public void show(CanaryKey canary, Optional<RolloutState> before, RolloutState state) {
        all.forEach(each -> each.show(canary, before, state));
    }

    @Override
    public void forget(CanaryKey canary) {
        all.forEach(each -> each.forget(canary));
    }
}
