package dev.aviary.decisions.rollout;

import dev.aviary.events.RolloutEvent;

/// What a decision may follow from, nothing else.
public sealed interface RolloutInput {
    /// An event of a topic; `now` is its record's time.
    record Heard(RolloutEvent event) implements RolloutInput {}

    /// The clock; `now` is the instant that `nextDue` named, however late the tick comes.
    record Tick() implements RolloutInput {}
}
