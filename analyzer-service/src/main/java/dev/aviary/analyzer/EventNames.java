package dev.aviary.analyzer;

import dev.aviary.eventlog.codec.EventIds;
import dev.aviary.events.AnalyzerEvent;
import dev.aviary.events.BudgetSpent;
import dev.aviary.events.CanaryKey;
import dev.aviary.events.CheckCompleted;
import dev.aviary.events.CountedLook;
import dev.aviary.events.EvidenceRecorded;
import dev.aviary.events.GateDecided;
import dev.aviary.events.GuardTripped;
import dev.aviary.events.MetricsMeasured;
import dev.aviary.events.PodSuspected;
import dev.aviary.events.RequestsCounted;
import dev.aviary.events.ShadowDiffered;
import dev.aviary.events.TrafficMeasured;

/// Ids of what the analyzer says.
public final class EventNames {
    private EventNames() {}

    /// The same whenever the same is said again.
    public static String of(CanaryKey canary, AnalyzerEvent event) {
        return switch (event) {
            case CheckCompleted at -> EventIds.look(canary, at.rollout(), at.step(), at.look(), at.getClass());
            case GuardTripped at -> EventIds.look(canary, at.rollout(), at.step(), at.look(), at.getClass());
            case PodSuspected at -> EventIds.look(canary, at.rollout(), at.step(), at.look(), at.getClass());
            case MetricsMeasured at -> EventIds.look(canary, at.rollout(), at.step(), at.look(), at.getClass());
            case BudgetSpent at -> EventIds.look(canary, at.rollout(), at.step(), at.look(), at.getClass());
            case TrafficMeasured at -> EventIds.observed(canary, at.getClass(), EventIds.content(at.rollout()));
            case EvidenceRecorded at ->
                EventIds.observed(
                        canary,
                        at.getClass(),
                        EventIds.content(
                                at.rollout(),
                                at.step(),
                                at.looks().stream().map(MetricsMeasured::look).toList(),
                                at.counted().stream().map(CountedLook::look).toList()));
            // At one look two things may differ, of a check and of the guard.
            case ShadowDiffered at ->
                EventIds.observed(
                        canary,
                        at.getClass(),
                        EventIds.content(at.rollout(), at.step(), at.look(), at.acting(), at.shadow()));
            case RequestsCounted at -> EventIds.look(canary, at.rollout(), at.step(), at.look(), at.getClass());
            case GateDecided at ->
                EventIds.observed(
                        canary,
                        at.getClass(),
                        EventIds.content(at.rollout(), at.kind(), at.step(), at.attempt(), at.outcome()));
        };
    }
}
