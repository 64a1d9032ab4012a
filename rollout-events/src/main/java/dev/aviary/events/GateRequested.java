package dev.aviary.events;

import java.util.Optional;

/// A webhook's word is needed. The analyzer asks until the gate opens or isn't needed any more.
///
/// @param step that the gate is before; -1 before the first
@WireType("gate-requested.v1")
public record GateRequested(RolloutId rollout, HookKind kind, int step) implements RouterDecision {
    @Override
    public Optional<RolloutId> ofRollout() {
        return Optional.of(rollout);
    }
}
