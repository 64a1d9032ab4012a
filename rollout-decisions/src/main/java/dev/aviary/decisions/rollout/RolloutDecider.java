package dev.aviary.decisions.rollout;

import dev.aviary.decisions.rollout.RolloutInput.Heard;
import dev.aviary.decisions.rollout.RolloutInput.Tick;
import dev.aviary.decisions.rollout.RolloutState.Leave;
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
import dev.aviary.events.*;
import dev.aviary.events.GateDecided.Outcome;
import dev.aviary.events.RollbackStarted.Cause;
import dev.aviary.events.WorkloadChanged.Role;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// The rollout's state machine: pure, so that replaying the log and running live are the same code.
///
/// One file above 400 lines: each phase has its place in one `switch`, and what they share stands beside them.
public final class RolloutDecider {
    /// Stands in every decision: another version may decide otherwise.
    public static final int VERSION = 3;

    /// So long a suspect pod may be in the way of being removed; then the traffic leaves it by another way.
    static final Duration POD_GONE_WITHIN = Duration.ofSeconds(10);

    private RolloutDecider() {}

    /// What follows from one input.
    ///
    /// @param state before the input: a repeat is known by what stands there
    /// @param now   the input's record time, or the instant that [#nextDue] named
    public static List<RouterDecision> decide(RolloutState state, RolloutInput input, Instant now) {
        if (input instanceof Heard(OperatorCommanded command)
                && command.id().equals(state.known().command())) {
            return List.of();
        }
        if (input instanceof Heard(RolloutLabelled _) || input instanceof Heard(ShadowDiffered _)) {
            return List.of(); // words about a rollout, not to it
        }
        var next = input instanceof Heard(var event) ? RolloutEvolution.evolve(state, event) : state;
        if (input instanceof Heard(CanaryDeleted deleted)) {
            boolean reverts = deleted.revertOnDeletion() && !isAnothers(deleted, state) && !isGone(state);
            return reverts ? terminate(state) : List.of();
        }
        return switch (state.phase()) {
            case New _ -> whileNew(next);
            case Initializing at -> whileInitializing(at, next, now);
            case Idle at -> whileIdle(at, next, input, now);
            case Waiting at -> whileWaiting(at, next, input, now);
            case Progressing at -> whileProgressing(at, state, next, input, now);
            case Promoting at -> whilePromoting(at, next, input, now);
            case RollingBack at -> whileRollingBack(at, next, input, now);
            case Terminating at -> whileTerminating(at, next);
            case Parked _ -> whileParked(next, input, now);
        };
    }

    /// The state after an event. State changes here and nowhere else.
    public static RolloutState evolve(RolloutState state, RolloutEvent event) {
        return RolloutEvolution.evolve(state, event);
    }

    /// What the cluster should look like in this state.
    public static Desired desired(RolloutState state) {
        return state.desired();
    }

    /// When the clock is an input again; nothing before then depends on it.
    public static Optional<Instant> nextDue(RolloutState state) {
        return switch (state.phase()) {
            // A pod that fails answers customers all the while.
            case Progressing at
            when at.replacing().isPresent() -> at.replacing().map(Replaced::goneBy);
            // Gated, paused or suspended it stands still.
            case Progressing at when state.held() || at.awaited().isPresent() -> Optional.empty();
            case Progressing at -> Optional.of(at.deadline());
            case Promoting at when at.leave() != Leave.SCALING_DOWN -> Optional.of(at.due());
            case RollingBack at -> at.due();
            case New _, Initializing _, Idle _, Waiting _, Promoting _, Terminating _, Parked _ -> Optional.empty();
        };
    }

    /// A late word of an earlier Canary of the same name.
    static boolean isAnothers(CanaryDeleted deleted, RolloutState state) {
        var known = state.known().uid();
        return !known.isEmpty() && !known.equals(deleted.uid());
    }

    private static boolean isGone(RolloutState state) {
        return state.known().spec().isEmpty() && !state.known().uid().isEmpty();
    }

    private static List<RouterDecision> whileNew(RolloutState next) {
        return next.phase() instanceof New ? initialize(next) : List.of();
    }

    private static List<RouterDecision> initialize(RolloutState next) {
        boolean whole =
                next.known().spec().isPresent() && !next.known().revision().isEmpty();
        return whole && !next.held()
                ? List.of(new InitializationStarted(next.known().revision()))
                : List.of();
    }

    private static List<RouterDecision> whileInitializing(Initializing at, RolloutState next, Instant now) {
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

    private static List<RouterDecision> whileIdle(Idle at, RolloutState next, RolloutInput input, Instant now) {
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
    private static List<RouterDecision> next(RolloutState next, Instant now, Optional<String> by) {
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

    private static List<RouterDecision> start(RolloutState next, Instant now, Optional<String> by) {
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

    private static List<RouterDecision> whileWaiting(Waiting at, RolloutState next, RolloutInput input, Instant now) {
        if (!(next.phase() instanceof Waiting)) {
            return initialize(next);
        }
        var run = at.run();
        return switch (input) {
            case Heard(GateDecided gate)
            when of(run, gate) ->
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

    private static List<RouterDecision> scaleUp(Run run, Instant now) {
        return List.of(new ScaleUpStarted(run.id(), now.plus(run.plan().spec().progressDeadline())));
    }

    private static List<RouterDecision> whileProgressing(
            Progressing at, RolloutState before, RolloutState next, RolloutInput input, Instant now) {
        if (!(next.phase() instanceof Progressing)) {
            return initialize(next);
        }
        var run = at.run();
        return switch (input) {
            case Heard(CheckCompleted check)
            when counts(at, check) ->
                switch (check.verdict()) {
                    case PASSED -> afterPassedCheck(at, next, now);
                    case FAILED -> afterFailedCheck(at, check.look(), check.reasons(), now);
                    case INCONCLUSIVE -> List.of();
                };
            // Of an earlier step too: harm that is proven stays proven.
            case Heard(GuardTripped guard)
            when guard.rollout().equals(run.id()) -> back(run, at.step(), Cause.GUARD, guard.reason());
            case Heard(BudgetSpent spent)
            when spent.rollout().equals(run.id()) -> back(run, at.step(), Cause.GUARD, spent.reason());
            case Heard(PodSuspected suspect)
            when suspect.rollout().equals(run.id()) -> afterSuspicion(at, suspect, now);
            case Heard(GateDecided gate)
            when gate.kind() == HookKind.ROLLBACK && of(run, gate) -> rollbackHook(run, at.step(), gate);
            case Heard(GateDecided gate) when counts(at, gate) -> afterGate(at, next, gate, now);
            case Heard(OperatorCommanded command) -> commanded(at, before, next, command, now);
            case Heard(RouteChangedByHand changed)
            when !changed.after().equals(at.canary()) ->
                at.step() < 0 || changed.after().isAbove(at.canary())
                        ? again(at, now)
                        : back(run, at.step(), Cause.ROUTE_CHANGED, "route changed by " + changed.by());
            case Heard(WentBlind blind)
            when at.step() >= 0 ->
                back(run, at.step(), Cause.WENT_BLIND, "the log couldn't be reached for %s".formatted(blind.without()));
            case Heard(RevisionDetected detected) -> newRevision(run, at.step(), next, detected, now);
            case Heard(CanaryApplied applied) -> {
                var superseded = superseded(run, applied, next, now);
                yield !superseded.isEmpty()
                        ? superseded
                        : before.held() && !next.held() ? again(at, now) : whenReady(at, next, now);
            }
            case Heard(WorkloadChanged changed)
            when changed.role() == Role.TARGET
                    && at.step() >= 0
                    && at.canary().isAbove(Percent.ZERO)
                    && !run.broken()
                    && !run.plan().spec().strict()
                    && changed.replicas().available() == 0 ->
                back(
                        run,
                        at.step(),
                        Cause.CANARY_UNAVAILABLE,
                        "no pod of the canary is available" + because(changed.stuck()));
            // The route's confirmation too: a canary that was ready before it was asked for says nothing new.
            case Heard(WorkloadChanged _), Heard(CanaryScaled _), Heard(TrafficShifted _) -> whenReady(at, next, now);
            case Tick()
            when at.replacing().filter(pod -> !now.isBefore(pod.goneBy())).isPresent() ->
                back(run, at.step(), Cause.GUARD, notGone(at.replacing().get(), next));
            case Tick()
            when !now.isBefore(at.deadline()) -> back(run, at.step(), Cause.DEADLINE, deadlinePassed(at, next));
            case Heard _, Tick _ -> List.of();
        };
    }

    /// The pod is replaced, once in a rollout: the second time, it isn't the pod.
    private static List<RouterDecision> afterSuspicion(Progressing at, PodSuspected suspect, Instant now) {
        var run = at.run();
        boolean repeats =
                at.replaced().filter(pod -> pod.pod().equals(suspect.pod())).isPresent();
        if (repeats) {
            return List.of();
        }
        boolean holds = run.plan().spec().guarded().suspect() == GuardSpec.Suspect.HOLD;
        if (!holds || at.replaced().isPresent() || at.step() < 0) {
            return back(run, at.step(), Cause.GUARD, suspect.reason());
        }
        return List.of(new PodReplacementStarted(
                run.id(),
                at.step(),
                suspect.pod(),
                suspect.node(),
                now.plus(POD_GONE_WITHIN),
                now.plus(patience(run)),
                List.of(suspect.reason())));
    }

    private static String notGone(Replaced pod, RolloutState state) {
        return "pod %s couldn't be removed within %s s%s; %s"
                .formatted(
                        pod.named(),
                        POD_GONE_WITHIN.toSeconds(),
                        because(state.known().trouble()),
                        pod.why());
    }

    private static String deadlinePassed(Progressing at, RolloutState state) {
        var spec = at.run().plan().spec();
        var patience = spec.progressDeadline().toSeconds();
        return at.step() < 0
                ? "the canary didn't become ready within %s s%s"
                        .formatted(patience, because(state.known().target().stuck()))
                : "no conclusive check within %s s%s%s"
                        .formatted(
                                spec.interval().toSeconds() + patience,
                                because(at.replaced()
                                        .map(pod -> "pod %s was replaced, none in its place was judged"
                                                .formatted(pod.named()))
                                        .or(() -> state.known().trouble())),
                                lastSaid(at));
    }

    private static String lastSaid(Progressing at) {
        var said = at.run().checked();
        return at.look() < 0 || said.isEmpty() ? "" : "; the last one said: " + String.join("; ", said);
    }

    private static String because(Optional<String> why) {
        return why.map(reason -> ": " + reason).orElse("");
    }

    /// The canary has become ready: its first weight is due now, not at the next tick.
    private static List<RouterDecision> whenReady(Progressing at, RolloutState next, Instant now) {
        if (next.held() || !canaryReady(at.run(), next)) {
            return List.of();
        }
        if (at.promote() || skips(next)) {
            return List.of(promotion(at, now, at.promote() ? "asked for by a person" : "analysis skipped"));
        }
        return at.step() < 0 && at.awaited().isEmpty() ? begin(at, now) : List.of();
    }

    private static List<RouterDecision> begin(Progressing at, Instant now) {
        return at.run().plan().spec().has(HookKind.PRE_ROLLOUT)
                ? List.of(new GateRequested(at.run().id(), HookKind.PRE_ROLLOUT, 0))
                : raise(at, now);
    }

    /// The next step, or first the gate before it.
    private static List<RouterDecision> raise(Progressing at, Instant now) {
        return at.run().plan().spec().has(HookKind.CONFIRM_TRAFFIC_INCREASE)
                ? List.of(new GateRequested(at.run().id(), HookKind.CONFIRM_TRAFFIC_INCREASE, at.step() + 1))
                : List.of(step(at.run(), at.step() + 1, now));
    }

    private static StepStarted step(Run run, int step, Instant now) {
        var planned = run.plan().steps().get(step);
        return new StepStarted(
                run.id(),
                step,
                run.broken() ? planned.canary() : run.share(step),
                planned.mirror(),
                planned.match(),
                now.plus(patience(run)));
    }

    private static Duration patience(Run run) {
        var spec = run.plan().spec();
        return spec.interval().plus(spec.progressDeadline());
    }

    /// The same step once more: putting a weight back is a write, and a write needs a new `seq`.
    private static List<RouterDecision> again(Progressing at, Instant now) {
        return at.step() < 0 ? scaleUp(at.run(), now) : List.of(step(at.run(), at.step(), now));
    }

    private static List<RouterDecision> afterPassedCheck(Progressing at, RolloutState next, Instant now) {
        var run = at.run();
        int passes = at.passes() + 1;
        int checks = at.plannedStep().checks();
        if (next.held() || at.awaited().isPresent() || at.replacing().isPresent()) {
            return List.of();
        }
        if (passes < checks) {
            return List.of(held(run, at.step(), now, "check %s of %s passed".formatted(passes, checks)));
        }
        if (!run.plan().isLast(at.step())) {
            return raise(at, now);
        }
        return run.plan().spec().has(HookKind.CONFIRM_PROMOTION)
                ? List.of(new GateRequested(run.id(), HookKind.CONFIRM_PROMOTION, at.step()))
                : List.of(promotion(at, now, "all checks passed"));
    }

    private static List<RouterDecision> afterFailedCheck(Progressing at, int look, List<String> reasons, Instant now) {
        var run = at.run();
        int failed = run.failedChecks() + 1;
        if (failed >= run.plan().spec().threshold()) {
            return List.of(new RollbackStarted(run.id(), at.step(), Cause.FAILED_CHECKS, failed, stays(run), reasons));
        }
        return List.of(new StepHeld(run.id(), at.step(), look, failed, now.plus(patience(run)), reasons));
    }

    private static List<RouterDecision> afterGate(Progressing at, RolloutState next, GateDecided gate, Instant now) {
        var run = at.run();
        if (gate.outcome() != Outcome.OPENED) {
            var why = "%s %s: %s".formatted(gate.kind().word(), gate.hook(), gate.why());
            return gate.kind() == HookKind.PRE_ROLLOUT
                    ? afterFailedCheck(at, -1, List.of(why), now)
                    : List.of(held(run, at.step(), now, why));
        }
        if (next.held()) {
            return List.of();
        }
        return switch (gate.kind()) {
            case PRE_ROLLOUT -> raise(at, now);
            case CONFIRM_TRAFFIC_INCREASE -> List.of(step(run, at.step() + 1, now));
            case CONFIRM_PROMOTION -> List.of(promotion(at, now, "all checks passed, promotion confirmed"));
            case CONFIRM_ROLLOUT, ROLLOUT, ROLLBACK, POST_ROLLOUT, EVENT -> List.of();
        };
    }

    private static List<RouterDecision> rollbackHook(Run run, int step, GateDecided gate) {
        return gate.outcome() == Outcome.OPENED
                ? back(run, step, Cause.ROLLBACK_HOOK, "rollback webhook %s said so".formatted(gate.hook()))
                : List.of();
    }

    private static List<RouterDecision> commanded(
            Progressing at, RolloutState before, RolloutState next, OperatorCommanded command, Instant now) {
        var run = at.run();
        boolean ready = canaryReady(run, next);
        return switch (command.verb()) {
            case PAUSE -> List.of(held(run, at.step(), now, "paused by " + command.who()));
            case RESUME -> before.held() && !next.held() ? again(at, now) : List.of();
            case ABORT -> aborted(run, at.step(), command);
            case PROMOTE ->
                ready
                        ? List.of(promotion(at, now, "promoted by " + command.who()))
                        : List.of(held(run, at.step(), now, "to be promoted when ready, by " + command.who()));
            case SKIP_STEP -> {
                if (!ready) {
                    yield List.of();
                }
                yield at.step() >= 0 && run.plan().isLast(at.step())
                        ? List.of(promotion(at, now, "last step skipped by " + command.who()))
                        : List.of(step(run, at.step() + 1, now));
            }
            case RETRY -> before.held() && !next.held() ? again(at, now) : List.of();
        };
    }

    private static List<RouterDecision> aborted(Run run, int step, OperatorCommanded command) {
        return back(run, step, Cause.ABORTED, "aborted by " + command.who());
    }

    private static PromotionStarted promotion(Progressing at, Instant now, String why) {
        var run = at.run();
        var spec = run.plan().spec();
        // Blue-green: the canary serves while the primary is replaced, where traffic can be split at all.
        boolean blueGreen = spec.strategy() instanceof Strategy.BlueGreen
                && !spec.provider().equals("kubernetes");
        var canary = at.step() >= 0 && run.plan().isLast(at.step()) && blueGreen ? Percent.ALL : at.canary();
        return new PromotionStarted(run.id(), at.step(), canary, now.plus(spec.progressDeadline()), List.of(why));
    }

    private static List<RouterDecision> newRevision(
            Run run, int step, RolloutState next, RevisionDetected detected, Instant now) {
        if (isUnderWay(detected, next)) {
            return List.of();
        }
        if (detected.revision().equals(next.promoted()) && !run.broken()) {
            return back(run, step, Cause.TARGET_REVERTED, "the target went back to the revision that the primary runs");
        }
        return followedBy(new Superseded(run.id(), detected.revision()), next, now);
    }

    /// A repeat, or another name of it.
    private static boolean isUnderWay(RevisionDetected detected, RolloutState next) {
        return next.run().map(Run::revision).equals(Optional.of(detected.revision()));
    }

    /// An end, and the next rollout directly behind it, if one waits.
    private static List<RouterDecision> followedBy(RouterDecision end, RolloutState next, Instant now) {
        var said = new ArrayList<RouterDecision>();
        said.add(end);
        said.addAll(next(RolloutEvolution.evolve(next, end), now, Optional.empty()));
        return said;
    }

    private static List<RouterDecision> superseded(Run run, CanaryApplied applied, RolloutState next, Instant now) {
        if (leadsElsewhere(run, applied)) {
            return List.of(new Superseded(run.id(), "target " + applied.spec().target()));
        }
        var provider = applied.spec().provider();
        return run.plan().spec().provider().equals(provider)
                ? List.of()
                : followedBy(new Superseded(run.id(), "provider " + provider), next, now);
    }

    private static boolean leadsElsewhere(Run run, CanaryApplied applied) {
        return !run.plan().spec().target().equals(applied.spec().target());
    }

    private static List<RouterDecision> whilePromoting(
            Promoting at, RolloutState next, RolloutInput input, Instant now) {
        if (!(next.phase() instanceof Promoting after)) {
            return initialize(next);
        }
        var run = at.run();
        boolean primaryReady = after.updated() && primaryReady(next, run);
        return switch (input) {
            case Heard(CanaryApplied applied) when leadsElsewhere(run, applied) -> superseded(run, applied, next, now);
            case Heard(RevisionDetected detected)
            when !isUnderWay(detected, next) -> {
                if (!at.updated()) { // its template is gone before the primary had it
                    yield newRevision(run, at.step(), next, detected, now);
                }
                // The canary's pods become another, unproven revision: they keep no traffic.
                yield at.canary().isAbove(Percent.ZERO) && !run.broken()
                        ? List.of(returned(run, Percent.ZERO, now))
                        : List.of();
            }
            case Heard(PrimaryUpdated _), Heard(WorkloadChanged _), Heard(TrafficShifted _)
            when at.leave() == Leave.NOT_YET && primaryReady -> List.of(returnTraffic(at, now));
            case Heard(TrafficShifted _), Heard(WorkloadChanged _)
            when at.leave() == Leave.RETURNING && at.canary().equals(Percent.ZERO) && isSplit(next) && primaryReady ->
                drain(run, now);
            case Heard(RouterOutcome _)
            when at.leave() == Leave.SCALING_DOWN && !next.confirmed().canaryUp() && isCurrent(next) -> {
                boolean skipped = at.step() < 0;
                yield followedBy(new Promoted(run.id(), since(run, now), skipped), next, now);
            }
            case Heard(RouteChangedByHand _), Heard(WentBlind _)
            when at.leave() != Leave.NOT_YET && !isSplit(next) -> List.of(returned(run, at.canary(), now));
            case Heard(RouteChangedByHand changed)
            when changed.after().isAbove(at.canary()) ->
                List.of(new PromotionStarted(run.id(), at.step(), at.canary(), at.due(), at.reasons()));
            case Tick()
            when !now.isBefore(at.due()) ->
                switch (at.leave()) {
                    case NOT_YET ->
                        at.updated()
                                ? primaryNotReady(run, next, now)
                                : back(
                                        run,
                                        at.step(),
                                        Cause.DEADLINE,
                                        "the primary couldn't be updated"
                                                + because(next.known().trouble()));
                    case RETURNING ->
                        at.canary().isAbove(Percent.ZERO) || primaryReady
                                ? List.of(returnTraffic(at, now))
                                : primaryNotReady(run, next, now);
                    case DRAINING -> List.of(new ScaleDownStarted(run.id()));
                    case SCALING_DOWN -> List.of();
                };
            case Heard _, Tick _ -> List.of();
        };
    }

    /// The canary, which passed, keeps the traffic; but not if its pods are another revision's by now.
    private static List<RouterDecision> primaryNotReady(Run run, RolloutState next, Instant now) {
        var known = next.known();
        if (!known.revision().equals(run.revision())) {
            return followedBy(new Superseded(run.id(), known.revision()), next, now);
        }
        var patience = run.plan().spec().progressDeadline().toSeconds();
        var why = because(known.primary().stuck().or(known::trouble));
        return List.of(new PromotionFailed(
                run.id(), List.of("the primary didn't become ready within %s s%s".formatted(patience, why))));
    }

    /// The next share goes back to the primary; all of it unless the spec asks for steps.
    private static TrafficReturnStarted returnTraffic(Promoting at, Instant now) {
        var share = at.run().plan().spec().strategy() instanceof Strategy.Progressive(var _, var promotion)
                        && promotion.isAbove(Percent.ZERO)
                ? promotion
                : Percent.ALL;
        return returned(at.run(), at.canary().minus(share), now);
    }

    /// Until the next share is due, or, when all is back, until the primary must be ready to go on alone.
    private static TrafficReturnStarted returned(Run run, Percent canary, Instant now) {
        var spec = run.plan().spec();
        var patience = canary.isAbove(Percent.ZERO) ? spec.interval() : spec.progressDeadline();
        return new TrafficReturnStarted(run.id(), canary, now.plus(patience));
    }

    private static List<RouterDecision> drain(Run run, Instant now) {
        return List.of(new DrainStarted(run.id(), now.plus(run.plan().spec().drain())));
    }

    private static List<RouterDecision> whileRollingBack(
            RollingBack at, RolloutState next, RolloutInput input, Instant now) {
        if (!(next.phase() instanceof RollingBack)) {
            return initialize(next);
        }
        var run = at.run();
        return switch (input) {
            case Heard(CanaryApplied applied) when leadsElsewhere(run, applied) -> superseded(run, applied, next, now);
            case Heard(TrafficShifted _)
            when at.leave() == Leave.RETURNING && isSplit(next) ->
                run.broken()
                        ? followedBy(new RolledBack(run.id(), since(run, now), at.reasons()), next, now)
                        : drain(run, now);
            case Heard(RouteChangedByHand _), Heard(WentBlind _)
            when !isSplit(next) ->
                List.of(new RollbackStarted(
                        run.id(), at.step(), Cause.ROUTE_CHANGED, run.failedChecks(), at.canary(), at.reasons()));
            case Heard(RouterOutcome _)
            when at.leave() == Leave.SCALING_DOWN && !next.confirmed().canaryUp() && isCurrent(next) ->
                followedBy(new RolledBack(run.id(), since(run, now), at.reasons()), next, now);
            case Tick() when at.leave() == Leave.DRAINING -> List.of(new ScaleDownStarted(run.id()));
            case Heard _, Tick _ -> List.of();
        };
    }

    private static Duration since(Run run, Instant now) {
        return run.startedAt().equals(Instant.EPOCH) ? Duration.ZERO : Duration.between(run.startedAt(), now);
    }

    private static List<RouterDecision> whileTerminating(Terminating at, RolloutState next) {
        if (!(next.phase() instanceof Terminating)) {
            return initialize(next);
        }
        return !at.handingBack() && targetServes(next) ? List.of(new HandbackStarted()) : List.of();
    }

    private static boolean targetServes(RolloutState state) {
        return state.confirmed().canaryUp() && state.known().target().replicas().ready(100);
    }

    private static List<RouterDecision> terminate(RolloutState state) {
        return switch (state.phase()) {
            case Terminating _ -> List.of();
            case New _, Initializing _, Idle _, Waiting _, Progressing _, Promoting _, RollingBack _, Parked _ ->
                targetServes(state)
                        ? List.of(new TerminationStarted(), new HandbackStarted())
                        : List.of(new TerminationStarted());
        };
    }

    private static List<RouterDecision> whileParked(RolloutState next, RolloutInput input, Instant now) {
        if (next.phase() instanceof New) {
            return initialize(next); // another Canary of the same name, or another target
        }
        if (next.known().spec().isEmpty()
                || !(input instanceof Heard(OperatorCommanded(var _, var verb, var by, var _)))
                || verb != OperatorCommanded.Verb.RETRY) {
            return List.of();
        }
        return next.promoted().isEmpty() ? initialize(next) : start(next, now, Optional.of(by));
    }

    private static List<RouterDecision> back(Run run, int step, Cause cause, String reason) {
        return List.of(new RollbackStarted(run.id(), step, cause, run.failedChecks(), stays(run), List.of(reason)));
    }

    /// A broken primary gets no traffic back.
    private static Percent stays(Run run) {
        return run.broken() ? Percent.ALL : Percent.ZERO;
    }

    private static StepHeld held(Run run, int step, Instant now, String why) {
        return new StepHeld(run.id(), step, -1, run.failedChecks(), now.plus(patience(run)), List.of(why));
    }

    private static boolean of(Run run, GateDecided gate) {
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

    private static boolean canaryReady(Run run, RolloutState state) {
        var target = state.known().target();
        return run.isCalled(target.revision())
                && target.replicas().ready(run.plan().spec().canaryReady());
    }

    private static boolean primaryReady(RolloutState state, Run run) {
        return run.isCalled(state.known().primary().revision()) && primaryReady(state);
    }

    private static boolean primaryReady(RolloutState state) {
        int percent = state.known().spec().map(CanarySpec::primaryReady).orElse(100);
        return state.known().primary().replicas().ready(percent);
    }

    private static boolean skips(RolloutState state) {
        return state.known().spec().filter(CanarySpec::skipAnalysis).isPresent();
    }

    /// The route is as the present decision wants it.
    private static boolean isSplit(RolloutState state) {
        return isCurrent(state) && state.desired().splitsAs(state.confirmed());
    }

    private static boolean isCurrent(RolloutState state) {
        return state.confirmed().seq() >= state.wantedBy();
    }
}
