package dev.aviary.cli.story;

import dev.aviary.eventlog.LoggedEvent;
import dev.aviary.events.CanaryKey;
import java.time.Instant;

/// One record of the log, read.
///
/// @param at UTC, the broker's
public record Entry(CanaryKey canary, int partition, long offset, Instant at, LoggedEvent logged) {}
