package dev.aviary.events;

/// What only the router's decider may say.
public sealed interface RouterDecision extends RolloutEvent
        permits InitializationStarted,
                TakeoverStarted,
                RolloutStarted,
                StepStarted,
                GateRequested,
                StepHeld,
                PromotionStarted,
                TrafficReturnStarted,
                RollbackStarted,
                PromotionFailed,
                ScaleDownStarted,
                Promoted,
                RolledBack,
                Superseded,
                TerminationStarted,
                HandbackStarted,
                CanaryParked {}
