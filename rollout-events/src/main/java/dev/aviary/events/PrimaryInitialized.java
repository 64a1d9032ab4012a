package dev.aviary.events;

import java.time.Duration;
import java.util.Optional;

/// Primary and Services stand, the route leads there, the target is at zero.
///
/// @param tookOver all stood already; nothing was moved
/// @param canary   share that the canary has
/// @param found    of what was taken over, the largest `seq` that it was written with; larger than ours where the log
///                 was lost: decisions count on from there
@WireType("primary-initialized.v1")
public record PrimaryInitialized(long seq, boolean tookOver, Percent canary, Duration took, Optional<Long> found)
        implements RouterOutcome {
    public PrimaryInitialized(long seq, boolean tookOver, Percent canary, Duration took) {
        this(seq, tookOver, canary, took, Optional.empty());
    }
}
