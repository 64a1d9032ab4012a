package dev.aviary.decisions.analysis;

import dev.aviary.decisions.analysis.AnalysisState.AtStep;
import dev.aviary.decisions.analysis.AnalysisState.OpenGate;
import dev.aviary.decisions.analysis.AnalysisState.Run;
import dev.aviary.events.AnalyzerEvent;
import dev.aviary.events.BudgetSpent;
import dev.aviary.events.CanaryDeleted;
import dev.aviary.events.CheckCompleted;
import dev.aviary.events.DetectorEvent;
import dev.aviary.events.EvidenceRecorded;
import dev.aviary.events.GateDecided;
import dev.aviary.events.GateDecided.Outcome;
import dev.aviary.events.GateRequested;
import dev.aviary.events.GuardTripped;
import dev.aviary.events.HookKind;
import dev.aviary.events.MetricsMeasured;
import dev.aviary.events.NotifierEvent;
import dev.aviary.events.PodReplacementStarted;
import dev.aviary.events.PodSuspected;
import dev.aviary.events.RequestsCounted;
import dev.aviary.events.RolloutEvent;
import dev.aviary.events.RolloutStarted;
import dev.aviary.events.RouterDecision;
import dev.aviary.events.RouterOutcome;
import dev.aviary.events.ScaleUpStarted;
import dev.aviary.events.ShadowDiffered;
import dev.aviary.events.StepHeld;
import dev.aviary.events.StepStarted;
import dev.aviary.events.Strategy;
import dev.aviary.events.TrafficMeasured;
import dev.aviary.events.TrafficShifted;
import dev.aviary.events.Verdict;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/// The state after an event: the only place where state changes.
final class AnalysisEvolution {
    private AnalysisEvolution() {}

    /// The state after an event.
    ///
    /// @param now of the input: the event's own, or of what it was decided on
    static AnalysisState evolve(AnalysisState state, RolloutEvent event, Instant now) {
        return switch (event) {
            case RouterDecision decision -> decided(state, decision);
            case TrafficShifted shifted -> shifted(state, shifted, now);
            case AnalyzerEvent said -> said(state, said, now);
            case CanaryDeleted _ -> state.over();
            case RouterOutcome _, DetectorEvent _, NotifierEvent _ -> state;
        };
    }

    private static AnalysisState decided(AnalysisState state, RouterDecision decision) {
        return switch (decision) {
            case RolloutStarted started
            when started.rollout().number() > state.rollouts() ->
                state.running(Run.of(started.rollout(), started.plan().spec()));
            case RouterDecision ending
            when AnalysisDecider.isLast(ending) && AnalysisDecider.ends(state, ending) -> state.over();
            case StepStarted step when state.isOf(step.rollout()) -> state.run(run -> stepped(run, step));
            case StepHeld held
            when state.isOf(held.rollout()) ->
                state.run(run -> run.shadow(shadow -> shadow.counted(held.failedChecks())));
            case PodReplacementStarted replaced
            when state.isOf(replaced.rollout()) ->
                state.run(run -> run.guard(run.guard().suspicionAnswered()).shadow(Shadow::suspicionAnswered));
            case ScaleUpStarted scaled
            when state.isOf(scaled.rollout()) ->
                state.run(run -> ahead(run.without(gate -> gate.kind() == HookKind.CONFIRM_ROLLOUT)));
            case GateRequested(var rollout, var kind, int step)
            when state.isOf(rollout) ->
                state.run(run -> run.with(new OpenGate(kind, step, run.step(), 0, Optional.empty())));
            case RouterDecision _ -> state;
        };
    }

    /// The same step again, after a pause or a hand at the route, goes on where it was; an earlier one is a repeat.
    private static Run stepped(Run run, StepStarted step) {
        if (step.step() <= run.step()) {
            return run;
        }
        return run.without(gate -> gate.kind() != HookKind.ROLLBACK && gate.asked() < step.step())
                .shadow(Shadow::nextStep)
                .at(new AtStep(
                        step.step(),
                        step.canary(),
                        step.mirror(),
                        Optional.empty(),
                        0,
                        Optional.empty(),
                        List.of(),
                        Optional.empty()));
    }

    /// A late answer to an earlier decision says nothing about the step.
    private static AnalysisState shifted(AnalysisState state, TrafficShifted shifted, Instant now) {
        boolean later = shifted.seq() > state.shifted();
        var after = state.shifted(shifted.seq());
        return later
                ? after.run(run -> run.at()
                        .filter(at -> at.wants(shifted.canary(), shifted.mirror()))
                        .map(at -> run.at(at.begunAt(now, run.spec().interval())))
                        .orElse(run))
                : after;
    }

    private static AnalysisState said(AnalysisState state, AnalyzerEvent said, Instant now) {
        return switch (said) {
            case MetricsMeasured measured ->
                AnalysisDecider.answers(state, measured) ? state.at(at -> at.seen(measured)) : state;
            case CheckCompleted check
            when state.isAt(check.rollout(), check.step()) -> state.decided().run(run -> checked(run, check, now));
            case EvidenceRecorded evidence
            when state.isOf(evidence.rollout()) ->
                (state.isAt(evidence.rollout(), evidence.step()) ? state.at(AtStep::recorded) : state)
                        .decided()
                        .run(run -> run.guard(run.guard().recorded()));
            case GuardTripped tripped
            when state.isOf(tripped.rollout()) ->
                state.decided().run(run -> run.guard(run.guard().nowTripped()).shadow(Shadow::nowOver));
            case BudgetSpent spent
            when state.isOf(spent.rollout()) ->
                state.decided().run(run -> run.guard(run.guard().nowTripped()).shadow(Shadow::nowOver));
            case TrafficMeasured measured
            when state.isOf(measured.rollout()) -> state.decided().run(run -> run.ahead(Optional.empty()));
            case ShadowDiffered differed
            when state.isOf(differed.rollout()) ->
                state.decided().run(run -> run.shadow(shadow -> shadow.differed(differed)));
            case PodSuspected suspected
            when state.isOf(suspected.rollout()) -> state.decided().run(run -> suspecting(run, suspected, now));
            case CheckCompleted _,
                    EvidenceRecorded _,
                    GuardTripped _,
                    PodSuspected _,
                    BudgetSpent _,
                    TrafficMeasured _,
                    ShadowDiffered _ -> state.decided();
            case RequestsCounted counted ->
                AnalysisDecider.isNew(state, counted) ? state.run(run -> seen(run, counted, now)) : state;
            case GateDecided gate -> state.isOf(gate.rollout()) ? state.run(run -> answered(run, gate)) : state;
        };
    }

    /// Behind a look.
    private static Run seen(Run run, RequestsCounted counted, Instant now) {
        var judge = GuardJudge.of(run.spec());
        var guarded = run.guard(judge.seen(run.guard(), counted, now))
                .ahead(run.ahead().map(ahead -> ahead.seen(counted, now)));
        var next = ShadowJudge.of(run)
                .map(shadow -> guarded.shadow(_ -> shadow.seen(counted, now)))
                .orElse(guarded);
        return next.at()
                .filter(at -> at.step() == counted.step() && at.begun().isPresent())
                .map(at -> next.at(at.clearing(at.clearing()
                        .orElse(Clearing.NEW)
                        .seen(run.guard(), counted, judge.guard().burnIn()))))
                .map(shown -> judge.clears() ? hurried(shown, now) : shown)
                .orElse(next);
    }

    /// The evidence begins anew, without the pod: what the step has to show too.
    private static Run suspecting(Run run, PodSuspected suspected, Instant now) {
        var shadow = ShadowJudge.of(run).map(judge -> judge.suspecting(suspected, now));
        var next = run.guard(run.guard().suspecting(suspected, now)).shadow(before -> shadow.orElse(before.nowOver()));
        return next.at()
                .flatMap(at -> at.clearing().map(shown -> next.at(at.clearing(shown.anew()))))
                .orElse(next);
    }

    /// A step that is cleared is checked now.
    private static Run hurried(Run run, Instant now) {
        return run.at()
                .filter(at -> at.clearing().filter(Clearing::early).isPresent())
                .filter(_ -> new CheckJudge(run, now).isCleared())
                .map(at -> run.at(at.hurried(now, run.spec().interval())))
                .orElse(run);
    }

    /// A check that only waits for more requests told something, and keeps its interval.
    private static Run checked(Run run, CheckCompleted check, Instant now) {
        boolean waits = !check.metrics().isEmpty()
                && check.metrics().stream().allMatch(metric -> metric.verdict() == Verdict.PASSED);
        var next = run.checked(check.look(), check.verdict() != Verdict.INCONCLUSIVE || waits, now);
        return next.at()
                .map(at ->
                        next.at(at.clearing(at.clearing().orElse(Clearing.NEW).after(check.verdict()))))
                .map(after -> after.shadow(shadow -> shadow.checked(check.verdict())))
                .orElse(next);
    }

    /// Where a budget chooses the first weight, the traffic is measured while the canary starts.
    private static Run ahead(Run run) {
        var guard = run.spec().guarded();
        boolean chooses = guard.acts()
                && guard.budget().isPresent()
                && run.spec().strategy() instanceof Strategy.Progressive
                && run.at().isEmpty();
        return chooses ? run.ahead(run.ahead().or(() -> Optional.of(Ahead.NEW))) : run;
    }

    private static Run answered(Run run, GateDecided said) {
        return run.gates(run.gates().stream()
                .map(gate -> gate.isOf(said.kind(), said.step()) ? gate.answered(said.attempt(), said.outcome()) : gate)
                .filter(gate -> !gate.answer().equals(Optional.of(Outcome.OPENED)))
                .toList());
    }
}
