package dev.aviary.events;

import java.time.Instant;

/// One look at one metric as it was judged: what a backtest judges again.
///
/// @param at       UTC, when it was heard
/// @param allowed  failure ratio that the bound allowed
/// @param canary   without the burn-in
/// @param primary  without the burn-in
public record CountedLook(
        String metric, int look, Instant at, double allowed, GuardResult.Tally canary, GuardResult.Tally primary) {}
