package dev.aviary.decisions.rollout;

import static dev.aviary.decisions.rollout.Anytime.aborted;
import static dev.aviary.decisions.rollout.Anytime.back;
import static dev.aviary.decisions.rollout.Anytime.held;
import static dev.aviary.decisions.rollout.Anytime.newRevision;
import static dev.aviary.decisions.rollout.Anytime.rollbackHook;
import static dev.aviary.decisions.rollout.Anytime.stays;
import static dev.aviary.decisions.rollout.Anytime.superseded;
import static dev.aviary.decisions.rollout.Beginning.initialize;
import static dev.aviary.decisions.rollout.Beginning.scaleUp;
import static dev.aviary.decisions.rollout.Facts.because;
import static dev.aviary.decisions.rollout.Facts.canaryReady;
import static dev.aviary.decisions.rollout.Facts.counts;
import static dev.aviary.decisions.rollout.Facts.isOf;
import static dev.aviary.decisions.rollout.Facts.patience;
import static dev.aviary.decisions.rollout.Facts.skips;

import dev.aviary.decisions.rollout.RolloutInput.Heard;
import dev.aviary.decisions.rollout.RolloutInput.Tick;
import dev.aviary.decisions.rollout.RolloutState.Phase.Progressing;
import dev.aviary.decisions.rollout.RolloutState.Replaced;
import dev.aviary.decisions.rollout.RolloutState.Run;
import dev.aviary.events.*;
import dev.aviary.events.GateDecided.Outcome;
import dev.aviary.events.RollbackStarted.Cause;
import dev.aviary.events.WorkloadChanged.Role;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/// What is decided while a canary is looked at, from its first pod to its promotion or the way back.
final class Progress {
    /// So long a suspect pod may be in the way of being removed; then the traffic leaves it by another way.
    static final Duration POD_GONE_WITHIN = Duration.ofSeconds(10);

    private Progress() {}

    static List<RouterDecision> whileProgressing(
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
            when gate.kind() == HookKind.ROLLBACK && isOf(run, gate) -> rollbackHook(run, at.step(), gate);
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
            case Heard(TrafficMeasured _)
            when FirstWeight.isAwaited(at, before) && next.phase() instanceof Progressing measured ->
                whenReady(measured, next, now);
            case Tick()
            when at.replacing().filter(pod -> !now.isBefore(pod.goneBy())).isPresent() ->
                back(run, at.step(), Cause.GUARD, notGone(at.replacing().get(), next));
            case Tick()
            when !now.isBefore(at.deadline()) -> back(run, at.step(), Cause.DEADLINE, deadlinePassed(at, next));
            case Tick() when FirstWeight.isAwaited(at, next) -> whenReady(at, next, now);
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

    /// The canary has become ready: its first weight is due now, not at the next tick.
    private static List<RouterDecision> whenReady(Progressing at, RolloutState next, Instant now) {
        if (next.held() || !canaryReady(at.run(), next)) {
            return List.of();
        }
        if (at.promote() || skips(next)) {
            return List.of(promotion(at, now, at.promote() ? "asked for by a person" : "analysis skipped"));
        }
        boolean waits = FirstWeight.isAwaited(at, next) && now.isBefore(FirstWeight.knownBy(at));
        return at.step() < 0 && at.awaited().isEmpty() && !waits ? begin(at, now) : List.of();
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

    private static PromotionStarted promotion(Progressing at, Instant now, String why) {
        var run = at.run();
        var spec = run.plan().spec();
        // Blue-green: the canary serves while the primary is replaced, where traffic can be split at all.
        boolean blueGreen = spec.strategy() instanceof Strategy.BlueGreen
                && !spec.provider().equals("kubernetes");
        var canary = at.step() >= 0 && run.plan().isLast(at.step()) && blueGreen ? Percent.ALL : at.canary();
        return new PromotionStarted(run.id(), at.step(), canary, now.plus(spec.progressDeadline()), List.of(why));
    }
}
