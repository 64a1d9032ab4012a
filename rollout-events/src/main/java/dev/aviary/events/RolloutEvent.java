package dev.aviary.events;

import java.util.Optional;

/// Something that happened to a canary, in the past tense.
public sealed interface RolloutEvent
        permits DetectorEvent, RouterDecision, RouterOutcome, AnalyzerEvent, NotifierEvent {
    /// The rollout that it belongs to, where it belongs to one.
    default Optional<RolloutId> ofRollout() {
        return Optional.empty();
    }
}
