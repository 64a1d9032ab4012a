package dev.aviary.decisions.analysis;

import dev.aviary.events.RolloutEvent;

/// What a judgement may follow from, nothing else.
public sealed interface AnalysisInput {
    /// An event of a topic; `now` is its record's time.
    record Heard(RolloutEvent event) implements AnalysisInput {}

    /// The clock; `now` is the instant that `nextDue` named, however late the tick comes.
    record Tick() implements AnalysisInput {}
}
