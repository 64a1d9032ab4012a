package dev.aviary.events;

import java.time.Duration;

/// The target was scaled, written just now or before.
///
/// @param replicas that the target's spec has now
@WireType("canary-scaled.v1")
public record CanaryScaled(long seq, int replicas, Duration took) implements RouterOutcome {}
