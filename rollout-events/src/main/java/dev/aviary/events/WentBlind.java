package dev.aviary.events;

import java.time.Duration;

/// The log couldn't be reached for too long while a rollout was under way: its traffic went to the safe side.
///
/// @param canary  share that the canary has since
/// @param without the log, so long
@WireType("went-blind.v1")
public record WentBlind(long seq, Percent canary, Duration without) implements RouterOutcome {}
