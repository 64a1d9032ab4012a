package dev.aviary.analyzer.metric;

import java.time.Duration;

/// One question to one back end; equal ones are asked once per look.
///
/// @param text              in the back end's language, its variables filled in
/// @param window            over which the metric is taken, in its own words, such as `1m`; some back ends want it
/// apart
/// @param timeout           of the whole answer
/// @param lastOfSeveralWins Flagger's way with several series, for `compat: strict`
public record MetricQuery(Backend backend, String text, String window, Duration timeout, boolean lastOfSeveralWins) {}
