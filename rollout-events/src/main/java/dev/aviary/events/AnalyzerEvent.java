package dev.aviary.events;

/// What only the analyzer may say.
public sealed interface AnalyzerEvent extends RolloutEvent
        permits MetricsMeasured,
                RequestsCounted,
                CheckCompleted,
                GuardTripped,
                BudgetSpent,
                TrafficMeasured,
                PodSuspected,
                EvidenceRecorded,
                ShadowDiffered,
                GateDecided {}
