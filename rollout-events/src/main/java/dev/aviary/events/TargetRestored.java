package dev.aviary.events;

import java.time.Duration;

/// The target serves again as it did before Aviary, and the finalizer is gone.
@WireType("target-restored.v1")
public record TargetRestored(long seq, Duration took) implements RouterOutcome {}
