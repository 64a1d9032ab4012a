package dev.aviary.events;

import java.util.Optional;

/// A gate was asked. Said when its answer changes; of `pre-rollout`, whose refusals count as failed checks, at
/// every try.
///
/// @param step    as in [GateRequested]
/// @param attempt counted from 0 for this gate
/// @param hook    that decided it
/// @param status  of its answer, if it gave one
/// @param why     in words
@WireType("gate-decided.v1")
public record GateDecided(
        RolloutId rollout,
        HookKind kind,
        int step,
        int attempt,
        Outcome outcome,
        String hook,
        Optional<Integer> status,
        String why)
        implements AnalyzerEvent {
    public enum Outcome {
        OPENED,
        CLOSED,
        FAILED
    }

    @Override
    public Optional<RolloutId> ofRollout() {
        return Optional.of(rollout);
    }
}
