package dev.aviary.events;

/// One metric at one look, judged.
///
/// @param sentence the judgement in words
public record MetricResult(String metric, Measurement measured, Bounds bounds, Verdict verdict, String sentence) {}
