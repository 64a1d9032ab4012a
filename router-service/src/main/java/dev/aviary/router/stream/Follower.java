package dev.aviary.router.stream;

import dev.aviary.decisions.rollout.RolloutState;
import dev.aviary.events.CanaryKey;
import java.util.Optional;

/// What is done with a state besides deciding: the Canary's status and the metrics show it. Never blocks.
public interface Follower {
    /// @param before the state that was shown last here; empty at the first sight of it
    void show(CanaryKey canary, Optional<RolloutState> before, RolloutState state);

    /// Another instance shows this canary now.
    void forget(CanaryKey canary);
}
