package dev.aviary.events;

import java.time.Duration;

/// Primary and Services stand, the route leads there, the target is at zero.
///
/// @param tookOver all stood already; nothing was moved
/// @param canary   share that the canary has
@WireType("primary-initialized.v1")
public record PrimaryInitialized(long seq, boolean tookOver, Percent canary, Duration took) implements RouterOutcome {}
