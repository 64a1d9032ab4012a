package dev.aviary.events;

/// What only the router's decider may say.
public sealed interface RouterDecision extends RolloutEvent
        permits InitializationStarted,
                TakeoverStarted,
                RolloutStarted,
                ScaleUpStarted,
                StepStarted,
                GateRequested,
                StepHeld,
                PodReplacementStarted,
                PromotionStarted,
                TrafficReturnStarted,
                RollbackStarted,
                PromotionFailed,
                DrainStarted,
                ScaleDownStarted,
                Promoted,
                RolledBack,
                Superseded,
                TerminationStarted,
                HandbackStarted,
                CanaryParked {}
