package dev.aviary.events;

/// What only the detector may say.
public sealed interface DetectorEvent extends RolloutEvent
        permits CanaryApplied,
                CanaryRejected,
                CanaryDeleted,
                RevisionDetected,
                WorkloadChanged,
                OperatorCommanded,
                RolloutLabelled {}
