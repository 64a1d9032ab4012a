package dev.aviary.events;

/// What only the router's reconciler may say: each answers a decision by its `seq`.
public sealed interface RouterOutcome extends RolloutEvent
        permits PrimaryInitialized,
                CanaryScaled,
                PodRemoved,
                TrafficShifted,
                PrimaryUpdated,
                TargetRestored,
                WriteFailed,
                RouteChangedByHand,
                WentBlind {
    /// Of the decision that it answers.
    long seq();
}
