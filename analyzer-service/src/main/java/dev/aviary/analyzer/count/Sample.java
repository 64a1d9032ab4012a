package dev.aviary.analyzer.count;

/// One line of a pod's metrics: a series and what it says now.
///
/// @param value may be NaN or infinite
record Sample(Series series, double value) {}
