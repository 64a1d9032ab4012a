package dev.aviary.decisions.rollout;

import static dev.aviary.decisions.rollout.Anytime.aborted;
import static dev.aviary.decisions.rollout.Anytime.held;
import static dev.aviary.decisions.rollout.Anytime.newRevision;
import static dev.aviary.decisions.rollout.Anytime.rollbackHook;
import static dev.aviary.decisions.rollout.Anytime.superseded;
import static dev.aviary.decisions.rollout.Facts.isOf;
import static dev.aviary.decisions.rollout.Facts.primaryReady;

import dev.aviary.decisions.rollout.RolloutInput.Heard;
import dev.aviary.decisions.rollout.RolloutInput.Tick;
import dev.aviary.decisions.rollout.RolloutState.Phase.Idle;
import dev.aviary.decisions.rollout.RolloutState.Phase.Initializing;
import dev.aviary.decisions.rollout.RolloutState.Phase.New;
import dev.aviary.decisions.rollout.RolloutState.Phase.Waiting;
import dev.aviary.decisions.rollout.RolloutState.Run;
import dev.aviary.events.*;
import dev.aviary.events.GateDecided.Outcome;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// What is decided before a rollout has pods: of a canary that is new, of one whose primary is being made, between two
/// rollouts, and before the gate of a rollout that has just begun.
final class Beginning {
    private Beginning() {}

    static List<RouterDecision> whileNew(RolloutState next) {
        return next.phase() instanceof New ? initialize(next) : List.of();
    }

    static List<RouterDecision> initialize(RolloutState next) {
        boolean whole =
                next.known().spec().isPresent() && !next.known().revision().isEmpty();
        return whole && !next.held()
                ? List.of(new InitializationStarted(next.known().revision()))
                : List.of();
    }

    static List<RouterDecision> whileInitializing(Initializing at, RolloutState next, Instant now) {
        if (next.phase() instanceof Idle) {
            return next(next, now, Optional.empty()); // a revision that came in the meantime
        }
        if (next.phase() instanceof New) {
            return initialize(next); // another Canary of the same name
        }
        boolean moved = !at.taking() && !next.known().revision().equals(at.revision());
        if (moved) {
            return initialize(next);
        }
        boolean made = next.confirmed().stage() == Desired.Stage.BOOTSTRAP
                && next.confirmed().primary().equals(at.revision());
        return !at.taking() && made && next.known().primary().revision().equals(at.revision()) && primaryReady(next)
                ? List.of(new TakeoverStarted(at.revision()))
                : List.of();
    }

    static List<RouterDecision> whileIdle(Idle at, RolloutState next, RolloutInput input, Instant now) {
        if (next.phase() instanceof New) {
            return initialize(next); // another Canary of the same name
        }
        return switch (input) {
            case Heard(OperatorCommanded command)
            when command.verb() == OperatorCommanded.Verb.RETRY -> retry(next, now, command.by());
            case Heard(OperatorCommanded _), Heard(RevisionDetected _), Heard(CanaryApplied _) ->
                next(next, now, Optional.empty());
            // No rollout wants this: what stood before is put back.
            case Heard(RouteChangedByHand changed)
            when !changed.after().equals(at.canary()) ->
                List.of(new TrafficReturnStarted(lastRollout(at), at.canary(), now));
            case Heard(WentBlind blind)
            when !blind.canary().equals(at.canary()) ->
                List.of(new TrafficReturnStarted(lastRollout(at), at.canary(), now));
            case Heard _, Tick _ -> List.of();
        };
    }

    private static RolloutId lastRollout(Idle at) {
        return at.rollout().map(Run::id).orElse(new RolloutId(0, "none"));
    }

    /// The next rollout, if something waits for one.
    static List<RouterDecision> next(RolloutState next, Instant now, Optional<String> by) {
        if (!(next.phase() instanceof Idle at) || next.held()) {
            return List.of();
        }
        var revision = next.known().revision();
        if (next.promoted().isEmpty()) {
            return initialize(next); // it leads another workload now
        }
        // A person may have a promotion that failed tried once more, though the primary has the template.
        boolean news = !revision.isEmpty() && (!revision.equals(next.promoted()) || (at.broken() && by.isPresent()));
        return news && (by.isPresent() || !revision.equals(at.tried())) ? start(next, now, by) : unneeded(at);
    }

    /// Pods that a superseded rollout left for one that doesn't come.
    private static List<RouterDecision> unneeded(Idle at) {
        boolean idle = at.canaryUp() && !at.broken() && !at.canary().isAbove(Percent.ZERO);
        return idle ? List.of(new ScaleDownStarted(lastRollout(at))) : List.of();
    }

    private static List<RouterDecision> retry(RolloutState next, Instant now, String by) {
        return next(next, now, Optional.of(by));
    }

    static List<RouterDecision> start(RolloutState next, Instant now, Optional<String> by) {
        var spec = next.known().spec().orElseThrow();
        boolean broken = next.phase() instanceof Idle idle && idle.broken();
        var rollout = new RolloutId(next.rollouts() + 1, next.known().revision());
        var said = new ArrayList<RouterDecision>();
        said.add(new RolloutStarted(
                rollout,
                next.promoted(),
                next.known().revision(),
                next.known().images(),
                broken ? Plan.recovery(spec) : Plan.of(spec),
                by));
        if (spec.has(HookKind.ROLLBACK)) {
            said.add(new GateRequested(rollout, HookKind.ROLLBACK, -1));
        }
        said.add(
                spec.has(HookKind.CONFIRM_ROLLOUT)
                        ? new GateRequested(rollout, HookKind.CONFIRM_ROLLOUT, -1)
                        : new ScaleUpStarted(rollout, now.plus(spec.progressDeadline())));
        return said;
    }

    static List<RouterDecision> whileWaiting(Waiting at, RolloutState next, RolloutInput input, Instant now) {
        if (!(next.phase() instanceof Waiting)) {
            return initialize(next);
        }
        var run = at.run();
        return switch (input) {
            case Heard(GateDecided gate)
            when isOf(run, gate) ->
                switch (gate.kind()) {
                    case ROLLBACK -> rollbackHook(run, -1, gate);
                    case CONFIRM_ROLLOUT ->
                        gate.outcome() == Outcome.OPENED
                                ? scaleUp(run, now)
                                : List.of(held(run, -1, now, "waiting for approval: " + gate.why()));
                    case PRE_ROLLOUT, ROLLOUT, CONFIRM_TRAFFIC_INCREASE, CONFIRM_PROMOTION, POST_ROLLOUT, EVENT ->
                        List.of();
                };
            case Heard(OperatorCommanded command) ->
                switch (command.verb()) {
                    case PROMOTE, SKIP_STEP -> scaleUp(run, now);
                    case ABORT -> aborted(run, -1, command);
                    case PAUSE -> List.of(held(run, -1, now, "paused by " + command.who()));
                    case RESUME, RETRY -> List.of();
                };
            case Heard(RevisionDetected detected) -> newRevision(run, -1, next, detected, now);
            case Heard(CanaryApplied applied) -> superseded(run, applied, next, now);
            case Heard _, Tick _ -> List.of();
        };
    }

    static List<RouterDecision> scaleUp(Run run, Instant now) {
        return List.of(new ScaleUpStarted(run.id(), now.plus(run.plan().spec().progressDeadline())));
    }
}
