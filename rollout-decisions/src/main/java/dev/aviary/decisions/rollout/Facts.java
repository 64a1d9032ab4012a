package dev.aviary.decisions.rollout;

import dev.aviary.decisions.rollout.RolloutState.Phase.Progressing;
import dev.aviary.decisions.rollout.RolloutState.Run;
import dev.aviary.events.*;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/// What a state says, as the phases ask it.
final class Facts {
    private Facts() {}

    /// A late word of an earlier Canary of the same name.
    static boolean isAnothers(CanaryDeleted deleted, RolloutState state) {
        var known = state.known().uid();
        return !known.isEmpty() && !known.equals(deleted.uid());
    }

    static boolean isGone(RolloutState state) {
        return state.known().spec().isEmpty() && !state.known().uid().isEmpty();
    }

    /// A repeat, or another name of it.
    static boolean isUnderWay(RevisionDetected detected, RolloutState next) {
        return next.run().map(Run::revision).equals(Optional.of(detected.revision()));
    }

    static boolean leadsElsewhere(Run run, CanaryApplied applied) {
        return !run.plan().spec().target().equals(applied.spec().target());
    }

    static boolean isOf(Run run, GateDecided gate) {
        return gate.rollout().equals(run.id());
    }

    /// It is of this step, and not a repeat.
    static boolean counts(Progressing at, CheckCompleted check) {
        return check.rollout().equals(at.run().id())
                && at.step() >= 0
                && check.step() == at.step()
                && check.look() > at.look();
    }

    /// It is the gate that is awaited, and not a repeat.
    static boolean counts(Progressing at, GateDecided gate) {
        return gate.rollout().equals(at.run().id())
                && at.awaited().equals(Optional.of(gate.kind()))
                && gate.attempt() > at.attempt();
    }

    static boolean canaryReady(Run run, RolloutState state) {
        var target = state.known().target();
        return run.isCalled(target.revision())
                && target.replicas().ready(run.plan().spec().canaryReady());
    }

    static boolean primaryReady(RolloutState state, Run run) {
        return run.isCalled(state.known().primary().revision()) && primaryReady(state);
    }

    static boolean primaryReady(RolloutState state) {
        int percent = state.known().spec().map(CanarySpec::primaryReady).orElse(100);
        return state.known().primary().replicas().ready(percent);
    }

    static boolean skips(RolloutState state) {
        return state.known().spec().filter(CanarySpec::skipAnalysis).isPresent();
    }

    /// The route is as the present decision wants it.
    static boolean isSplit(RolloutState state) {
        return isCurrent(state) && state.desired().splitsAs(state.confirmed());
    }

    static boolean isCurrent(RolloutState state) {
        return state.confirmed().seq() >= state.wantedBy();
    }

    static Duration since(Run run, Instant now) {
        return run.startedAt().equals(Instant.EPOCH) ? Duration.ZERO : Duration.between(run.startedAt(), now);
    }

    static Duration patience(Run run) {
        var spec = run.plan().spec();
        return spec.interval().plus(spec.progressDeadline());
    }

    static String because(Optional<String> why) {
        return why.map(reason -> ": " + reason).orElse("");
    }
}
