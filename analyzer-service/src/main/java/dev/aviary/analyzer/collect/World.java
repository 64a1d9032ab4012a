package dev.aviary.analyzer.collect;

import dev.aviary.decisions.analysis.Wanted;
import dev.aviary.events.CanaryKey;
import dev.aviary.events.GateDecided;
import dev.aviary.events.MetricsMeasured;

/// What the collector asks. May block; whatever goes wrong is in the answer.
public interface World {
    MetricsMeasured look(CanaryKey canary, Wanted.Look look);

    /// @param attempt that the answer is to carry
    GateDecided ask(CanaryKey canary, Wanted.Gate gate, int attempt);
}
