package dev.aviary.events;

import java.time.Duration;

/// The primary's template and configs are those of the revision; its pods may still be starting.
@WireType("primary-updated.v1")
public record PrimaryUpdated(long seq, String revision, Duration took) implements RouterOutcome {}
