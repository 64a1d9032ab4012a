package dev.aviary.cli.backtest;

import dev.aviary.decisions.backtest.Backtested;
import dev.aviary.events.CanaryKey;
import dev.aviary.events.RolloutLabelled;
import java.util.Optional;

/// One rollout, backtested.
///
/// @param label what a person said it was, at last
public record Row(CanaryKey canary, Backtested result, Optional<RolloutLabelled.Outcome> label) {}
