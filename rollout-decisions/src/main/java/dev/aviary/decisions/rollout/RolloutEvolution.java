package dev.aviary.decisions.rollout;

import dev.aviary.decisions.rollout.Desired.Stage;
import dev.aviary.decisions.rollout.RolloutState.Ended;
import dev.aviary.decisions.rollout.RolloutState.Leave;
import dev.aviary.decisions.rollout.RolloutState.Phase;
import dev.aviary.decisions.rollout.RolloutState.Phase.Idle;
import dev.aviary.decisions.rollout.RolloutState.Phase.Initializing;
import dev.aviary.decisions.rollout.RolloutState.Phase.New;
import dev.aviary.decisions.rollout.RolloutState.Phase.Parked;
import dev.aviary.decisions.rollout.RolloutState.Phase.Progressing;
import dev.aviary.decisions.rollout.RolloutState.Phase.Promoting;
import dev.aviary.decisions.rollout.RolloutState.Phase.RollingBack;
import dev.aviary.decisions.rollout.RolloutState.Phase.Terminating;
import dev.aviary.decisions.rollout.RolloutState.Phase.Waiting;
import dev.aviary.decisions.rollout.RolloutState.Replaced;
import dev.aviary.decisions.rollout.RolloutState.Run;
import dev.aviary.decisions.rollout.RolloutState.Side;
import dev.aviary.events.*;
import dev.aviary.events.GateDecided.Outcome;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/// The state after an event: the only place where state changes.
final class RolloutEvolution {
    private RolloutEvolution() {}

    static RolloutState evolve(RolloutState state, RolloutEvent event) {
        return switch (event) {
            case RouterDecision decision -> decided(state, decision);
            case RouterOutcome outcome -> answered(state, outcome);
            case DetectorEvent detected -> detected(state, detected);
            case AnalyzerEvent analyzed -> analyzed(state, analyzed);
            case NotifierEvent _ -> state;
        };
    }

    private static RolloutState detected(RolloutState state, DetectorEvent event) {
        var known = state.known();
        return switch (event) {
            case CanaryApplied applied -> applied(state, applied);
            case CanaryRejected rejected -> state.knowing(known.rejected(Optional.of(rejected.sentence())));
            case CanaryDeleted deleted when Facts.isAnothers(deleted, state) -> state;
            case CanaryDeleted deleted ->
                deleted.revertOnDeletion() ? state.knowing(known.called(deleted.uid())) : state.forgotten();
            case RevisionDetected revision -> revised(state, revision);
            case WorkloadChanged workload -> {
                var side = new Side(workload.revision(), workload.replicas(), workload.stuck());
                yield switch (workload.role()) {
                    case TARGET -> state.knowing(known.target(side));
                    case PRIMARY -> state.knowing(known.primary(side));
                };
            }
            case OperatorCommanded command when command.id().equals(known.command()) -> state;
            case OperatorCommanded command -> commanded(state.knowing(known.command(command.id())), command);
            case RolloutLabelled _ -> state;
        };
    }

    private static RolloutState applied(RolloutState state, CanaryApplied applied) {
        boolean another = !state.known().uid().isEmpty() && !state.known().uid().equals(applied.uid());
        var before = another ? state.forgotten() : state;
        var known = before.known();
        if (!retargeted(before, applied)) {
            return before.knowing(known.applied(applied.uid(), applied.spec()));
        }
        var elsewhere = known.elsewhere().applied(applied.uid(), applied.spec());
        if (before.phase() instanceof Terminating) {
            return before.knowing(elsewhere);
        }
        var next = before.retargeted().knowing(elsewhere);
        return next.underWay() ? next : next.in(new New());
    }

    /// The Canary leads another workload now: what was known belongs to the old one.
    static boolean retargeted(RolloutState state, CanaryApplied applied) {
        return state.known()
                .spec()
                .filter(spec -> !spec.target().equals(applied.spec().target()))
                .isPresent();
    }

    private static RolloutState revised(RolloutState state, RevisionDetected event) {
        var known = state.known().detected(event);
        // Another hash of the same content: it is only called otherwise from now on.
        if (event.sameAs().isPresent()
                && event.sameAs().get().equals(state.known().revision())) {
            var renamed =
                    state.knowing(known).in(renamed(state.phase(), state.known().revision(), event.revision()));
            return state.promoted().equals(event.sameAs().get())
                    ? renamed.promoted(event.revision())
                            .confirmed(state.confirmed().primary(event.revision()))
                    : renamed;
        }
        var next = state.knowing(known);
        return next.phase() instanceof Idle idle && event.revision().equals(state.promoted())
                ? next.in(tried(idle, "")) // so that the failed one is a release again when it comes back
                : next;
    }

    private static Phase renamed(Phase phase, String from, String to) {
        return switch (phase) {
            case Idle idle when idle.tried().equals(from) -> tried(idle, to);
            case Waiting at -> new Waiting(at.run().renamed(from, to), at.closed());
            case Progressing at -> at.with(at.run().renamed(from, to));
            case Promoting at ->
                new Promoting(
                        at.run().renamed(from, to),
                        at.step(),
                        at.canary(),
                        at.updated(),
                        at.leave(),
                        at.due(),
                        at.reasons());
            case RollingBack at ->
                new RollingBack(at.run().renamed(from, to), at.step(), at.canary(), at.leave(), at.due(), at.reasons());
            case New _, Initializing _, Idle _, Terminating _, Parked _ -> phase;
        };
    }

    private static Idle tried(Idle idle, String revision) {
        return new Idle(
                idle.ended(), revision, idle.rollout(), idle.canary(), idle.canaryUp(), idle.broken(), idle.why());
    }

    private static RolloutState commanded(RolloutState state, OperatorCommanded command) {
        return switch (command.verb()) {
            case PAUSE -> state.paused(true);
            case RESUME, RETRY -> state.paused(false);
            case PROMOTE -> {
                var going = state.paused(false);
                yield going.phase() instanceof Progressing at ? going.in(at.toBePromoted()) : going;
            }
            case ABORT, SKIP_STEP -> state;
        };
    }

    private static RolloutState analyzed(RolloutState state, AnalyzerEvent event) {
        if (!(state.phase() instanceof Progressing at)
                || event.ofRollout().filter(at.run().id()::equals).isEmpty()) {
            return state.phase() instanceof Waiting waiting
                            && event instanceof GateDecided gate
                            && gate.rollout().equals(waiting.run().id())
                            && gate.kind() == HookKind.CONFIRM_ROLLOUT
                            && gate.outcome() != Outcome.OPENED
                    ? state.in(new Waiting(waiting.run(), true))
                    : state;
        }
        return switch (event) {
            case CheckCompleted check
            when Facts.counts(at, check) ->
                state.in(
                        switch (check.verdict()) {
                            case PASSED -> at.told(check.reasons()).checked(check.look(), true);
                            case FAILED -> at.told(check.reasons()).checked(check.look(), false);
                            case INCONCLUSIVE -> at.told(check.reasons()).looked(check.look());
                        });
            case GateDecided gate
            when Facts.counts(at, gate) && gate.outcome() != Outcome.OPENED ->
                state.in(at.refused(gate.attempt(), gate.kind() == HookKind.PRE_ROLLOUT));
            case TrafficMeasured traffic
            when at.step() < 0 ->
                state.in(at.with(at.run().beginningWith(FirstWeight.of(at.run().plan(), traffic))));
            case CheckCompleted _,
                    GateDecided _,
                    GuardTripped _,
                    BudgetSpent _,
                    TrafficMeasured _,
                    PodSuspected _,
                    EvidenceRecorded _,
                    MetricsMeasured _,
                    RequestsCounted _,
                    ShadowDiffered _ -> state;
        };
    }

    private static RolloutState answered(RolloutState state, RouterOutcome outcome) {
        // A late answer to an earlier decision says nothing about now.
        if (outcome.seq() < state.confirmed().seq()) {
            return state;
        }
        var found = state.confirmed();
        var wanted = state.desired();
        boolean current = outcome.seq() == state.wantedBy();
        var calm = state.known().trouble().isEmpty() || outcome instanceof WriteFailed
                ? state
                : state.knowing(state.known().trouble(Optional.empty()));
        return switch (outcome) {
            case PrimaryInitialized(long seq, boolean tookOver, var canary, var _, var written) -> {
                var revision = state.phase() instanceof Initializing at ? at.revision() : state.promoted();
                var idle = new Idle(
                        Ended.INITIALIZED,
                        "",
                        Optional.empty(),
                        canary,
                        tookOver && canary.isAbove(Percent.ZERO),
                        false,
                        List.of());
                var next = state.phase() instanceof Initializing
                        ? calm.behind(written.orElse(0L)).promoted(revision).in(idle)
                        : calm;
                yield next.confirmed(new Desired(
                        next.seq() > state.seq() ? next.seq() : seq,
                        Stage.SERVING,
                        revision,
                        canary,
                        Percent.ZERO,
                        List.of(),
                        idle.canaryUp()));
            }
            case TrafficShifted(long seq, var canary, var mirror, var _) ->
                calm.confirmed(new Desired(
                        seq,
                        current ? wanted.stage() : found.stage(),
                        // Where nothing certain is wanted of the primary, it is as wanted whatever it runs.
                        found.primary().isEmpty()
                                        || (current && wanted.primary().isEmpty())
                                ? state.promoted()
                                : found.primary(),
                        canary,
                        mirror,
                        current ? wanted.match() : found.match(),
                        found.canaryUp(),
                        found.without().filter(_ -> wanted.without().isPresent())));
            // Only the route's word, which is always given, says that a decision is followed.
            case CanaryScaled(long _, int replicas, var _) ->
                calm.confirmed(new Desired(
                        found.seq(),
                        found.stage(),
                        found.primary(),
                        found.canary(),
                        found.mirror(),
                        found.match(),
                        replicas > 0,
                        found.without()));
            case PodRemoved(long _, var pod, var _) -> {
                var next = calm.confirmed(found.without(pod));
                yield state.phase() instanceof Progressing at
                                && at.replaced()
                                        .filter(replaced -> replaced.pod().equals(pod))
                                        .isPresent()
                        ? next.in(at.gone())
                        : next;
            }
            case PrimaryUpdated(long _, var revision, var _) -> {
                var next = calm.confirmed(new Desired(
                        found.seq(),
                        found.stage(),
                        revision,
                        found.canary(),
                        found.mirror(),
                        found.match(),
                        found.canaryUp(),
                        found.without()));
                yield switch (state.phase()) {
                    // The target serves until the primary is ready: that it runs is as wanted.
                    case Initializing _ when current && revision.equals(wanted.primary()) -> next.confirmed(wanted);
                    case New _, Initializing _ -> next;
                    case Promoting at
                    when at.run().isCalled(revision) ->
                        next.confirmed(next.confirmed().primary(at.run().revision()))
                                .promoted(at.run().revision())
                                .in(new Promoting(
                                        at.run(), at.step(), at.canary(), true, at.leave(), at.due(), at.reasons()));
                    // Of a promotion that was superseded meanwhile: what runs, runs.
                    case Phase _ -> next.promoted(revision);
                };
            }
            case TargetRestored _ -> state.forgotten();
            case WriteFailed failed ->
                state.knowing(state.known().trouble(Optional.of("%s: %s".formatted(failed.what(), failed.why()))));
            case RouteChangedByHand(long seq, var _, var after, var _) -> state.confirmed(found(found, seq, after));
            case WentBlind(long seq, var canary, var _) -> state.confirmed(found(found, seq, canary));
        };
    }

    private static Desired found(Desired found, long seq, Percent canary) {
        return new Desired(
                seq,
                found.stage(),
                found.primary(),
                canary,
                found.mirror(),
                found.match(),
                found.canaryUp(),
                found.without());
    }

    private static RolloutState decided(RolloutState state, RouterDecision decision) {
        return switch (decision) {
            case InitializationStarted(var revision) -> state.wanting(new Initializing(revision, false));
            case TakeoverStarted(var revision) -> state.wanting(new Initializing(revision, true));
            case RolloutStarted started -> {
                boolean broken = state.phase() instanceof Idle idle && idle.broken();
                var run = new Run(
                        started.rollout(),
                        started.to(),
                        started.plan(),
                        Instant.EPOCH,
                        0,
                        broken,
                        List.of(),
                        Optional.empty());
                yield state.counted(started.rollout().number()).wanting(new Waiting(run, false));
            }
            case ScaleUpStarted(var _, Instant deadline) -> {
                var run = running(state);
                var begun = new Run(
                        run.id(),
                        run.revision(),
                        run.plan(),
                        deadline.minus(run.plan().spec().progressDeadline()),
                        run.failedChecks(),
                        run.broken(),
                        List.of(),
                        run.first());
                boolean promote = state.phase() instanceof Progressing at && at.promote();
                yield state.wanting(new Progressing(
                        begun, -1, deadline, -1, 0, -1, Optional.empty(), false, promote, Optional.empty()));
            }
            case StepStarted(var _, int step, var _, var _, var _, Instant deadline) -> {
                var at = progressing(state);
                int passes = step == at.step()
                        ? Math.min(
                                at.passes(), at.run().plan().steps().get(step).checks() - 1)
                        : 0;
                int look = step == at.step() ? at.look() : -1; // the analysis goes on counting, too
                yield state.wanting(new Progressing(
                        at.run(),
                        step,
                        deadline,
                        look,
                        passes,
                        -1,
                        Optional.empty(),
                        false,
                        at.promote(),
                        at.replaced()));
            }
            case GateRequested(var _, var kind, int _) ->
                state.now(
                        switch (state.phase()) {
                            case Progressing at when kind != HookKind.ROLLBACK -> at.awaiting(kind);
                            case Phase other -> other;
                        });
            case StepHeld held ->
                state.now(state.phase() instanceof Progressing at ? at.until(held.deadline()) : state.phase());
            case PodReplacementStarted(
                    var _,
                    int _,
                    var pod,
                    var node,
                    Instant goneBy,
                    Instant deadline,
                    var reasons) ->
                state.wanting(progressing(state)
                        .replacing(new Replaced(pod, node, goneBy, false, String.join("; ", reasons)), deadline));
            case PromotionStarted promotion ->
                state.wanting(new Promoting(
                        running(state),
                        promotion.step(),
                        promotion.canary(),
                        running(state).isCalled(state.confirmed().primary()), // decided once more
                        Leave.NOT_YET,
                        promotion.deadline(),
                        promotion.reasons()));
            case TrafficReturnStarted(var _, var canary, Instant next) ->
                state.wanting(
                        switch (state.phase()) {
                            case Promoting at ->
                                new Promoting( // the primary has proved ready
                                        at.run().whole(),
                                        at.step(),
                                        canary,
                                        at.updated(),
                                        Leave.RETURNING,
                                        next,
                                        at.reasons());
                            case Phase other -> other;
                        });
            case RollbackStarted back -> {
                var run = running(state);
                var counted = new Run(
                        run.id(),
                        run.revision(),
                        run.plan(),
                        run.startedAt(),
                        back.failedChecks(),
                        run.broken(),
                        run.checked(),
                        run.first());
                yield state.wanting(new RollingBack(
                        counted, back.step(), back.canary(), Leave.RETURNING, Optional.empty(), back.reasons()));
            }
            case PromotionFailed(var _, var reasons) ->
                state.wanting(new Idle(
                        Ended.FAILED, running(state).revision(), state.run(), Percent.ALL, true, true, reasons));
            case DrainStarted(var _, Instant until) ->
                state.now(
                        switch (state.phase()) {
                            case Promoting at ->
                                new Promoting(
                                        at.run(),
                                        at.step(),
                                        at.canary(),
                                        at.updated(),
                                        Leave.DRAINING,
                                        until,
                                        at.reasons());
                            case RollingBack at ->
                                new RollingBack(
                                        at.run(),
                                        at.step(),
                                        at.canary(),
                                        Leave.DRAINING,
                                        Optional.of(until),
                                        at.reasons());
                            case Phase other -> other;
                        });
            case ScaleDownStarted _ ->
                state.wanting(
                        switch (state.phase()) {
                            case Promoting at ->
                                new Promoting(
                                        at.run(),
                                        at.step(),
                                        at.canary(),
                                        at.updated(),
                                        Leave.SCALING_DOWN,
                                        at.due(),
                                        at.reasons());
                            case RollingBack at ->
                                new RollingBack(
                                        at.run(),
                                        at.step(),
                                        at.canary(),
                                        Leave.SCALING_DOWN,
                                        Optional.empty(),
                                        at.reasons());
                            case Idle at ->
                                new Idle(
                                        at.ended(),
                                        at.tried(),
                                        at.rollout(),
                                        at.canary(),
                                        false,
                                        at.broken(),
                                        at.why());
                            case Phase other -> other;
                        });
            case Promoted _ -> ended(state, Ended.SUCCEEDED, List.of());
            case RolledBack(var _, var _, var reasons) -> ended(state, Ended.FAILED, reasons);
            // Its traffic goes back at once; the pods stay for the one that follows.
            case Superseded _ when state.promoted().isEmpty() -> state.wanting(new New()); // of another target
            case Superseded _ -> {
                var run = running(state);
                yield state.wanting(new Idle(
                        Ended.INITIALIZED,
                        "",
                        Optional.of(run),
                        run.broken() ? Percent.ALL : Percent.ZERO,
                        run.broken() || !(state.phase() instanceof Waiting),
                        run.broken(),
                        List.of()));
            }
            // Answered with `CanaryScaled`, whatever was thought to stand: only a target that is up takes over.
            case TerminationStarted _ ->
                state.confirmed(state.confirmed().scaled(false)).wanting(new Terminating(false, keeps(state)));
            case HandbackStarted _ -> state.wanting(new Terminating(true, keeps(state)));
            // It ends all the same: a retry couldn't know that it is being deleted.
            case CanaryParked _ when state.phase() instanceof Terminating -> state.now(state.phase());
            case CanaryParked(var why, var _, var _) ->
                state.wanting(new Parked(why, state.confirmed().canaryUp()));
        };
    }

    /// No more than it was to have and has; what only the matching requests had, not of all.
    private static Percent keeps(RolloutState state) {
        var wanted = state.desired();
        var has = state.confirmed().canary();
        return wanted.match().isEmpty() ? has.isAbove(wanted.canary()) ? wanted.canary() : has : Percent.ZERO;
    }

    private static RolloutState ended(RolloutState state, Ended as, List<String> why) {
        var run = running(state);
        boolean broken = run.broken() && as == Ended.FAILED;
        return state.now(new Idle(
                as, run.revision(), Optional.of(run), broken ? Percent.ALL : Percent.ZERO, broken, broken, why));
    }

    private static Run running(RolloutState state) {
        return state.run().orElseThrow(() -> new IllegalStateException("no rollout is under way: " + state));
    }

    private static Progressing progressing(RolloutState state) {
        if (state.phase() instanceof Progressing at) {
            return at;
        }
        throw new IllegalStateException("a step without a rollout: " + state);
    }
}
