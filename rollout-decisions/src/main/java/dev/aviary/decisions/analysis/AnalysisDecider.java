package dev.aviary.decisions.analysis;

import dev.aviary.decisions.analysis.AnalysisInput.Heard;
import dev.aviary.decisions.analysis.AnalysisInput.Tick;
import dev.aviary.decisions.analysis.AnalysisState.AtStep;
import dev.aviary.decisions.analysis.AnalysisState.OpenGate;
import dev.aviary.decisions.analysis.AnalysisState.Run;
import dev.aviary.events.AnalyzerEvent;
import dev.aviary.events.BudgetSpent;
import dev.aviary.events.CanaryDeleted;
import dev.aviary.events.CanarySpec;
import dev.aviary.events.CheckCompleted;
import dev.aviary.events.DetectorEvent;
import dev.aviary.events.DrainStarted;
import dev.aviary.events.EvidenceRecorded;
import dev.aviary.events.GateDecided;
import dev.aviary.events.GateDecided.Outcome;
import dev.aviary.events.GateRequested;
import dev.aviary.events.GuardResult;
import dev.aviary.events.GuardTripped;
import dev.aviary.events.HookKind;
import dev.aviary.events.HookResult;
import dev.aviary.events.InitializationStarted;
import dev.aviary.events.MetricResult;
import dev.aviary.events.MetricSpec;
import dev.aviary.events.MetricsMeasured;
import dev.aviary.events.NotifierEvent;
import dev.aviary.events.PodReplacementStarted;
import dev.aviary.events.PodSuspected;
import dev.aviary.events.Promoted;
import dev.aviary.events.PromotionFailed;
import dev.aviary.events.PromotionStarted;
import dev.aviary.events.RequestsCounted;
import dev.aviary.events.RollbackStarted;
import dev.aviary.events.RolledBack;
import dev.aviary.events.RolloutEvent;
import dev.aviary.events.RolloutStarted;
import dev.aviary.events.RouterDecision;
import dev.aviary.events.RouterOutcome;
import dev.aviary.events.ScaleDownStarted;
import dev.aviary.events.ScaleUpStarted;
import dev.aviary.events.ShadowDiffered;
import dev.aviary.events.StepHeld;
import dev.aviary.events.StepStarted;
import dev.aviary.events.Strategy;
import dev.aviary.events.Superseded;
import dev.aviary.events.TerminationStarted;
import dev.aviary.events.TrafficMeasured;
import dev.aviary.events.TrafficShifted;
import dev.aviary.events.Verdict;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;

/// What the measurements of a rollout say, and which ones are wanted: pure, like the rollout's own decider.
public final class AnalysisDecider {
    /// Stands in every decision: another version may decide otherwise.
    public static final int VERSION = 4;

    /// Looks in one `EvidenceRecorded`: a step may wait at a gate for days, its record and its state may not grow.
    static final int LOOKS_AT_ONCE = 100;

    private static final Duration SLOWEST_QUERY = Duration.ofSeconds(5);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(30);
    private static final Duration LONGEST_WAIT_AT_A_GATE = Duration.ofSeconds(10);

    private AnalysisDecider() {}

    /// What follows from one input. The state is the one before it: a repeat is known by what stands there.
    public static List<AnalyzerEvent> decide(AnalysisState state, AnalysisInput input, Instant now) {
        return switch (input) {
            case Heard(MetricsMeasured measured) when answers(state, measured) -> checked(state, measured, now);
            case Heard(RequestsCounted counted) when isNew(state, counted) -> guarded(state, counted, now);
            case Heard(StepHeld held)
            when state.isOf(held.rollout()) ->
                shadowed(state.run(), shadow -> shadow.held(held)).toList();
            case Heard(RollbackStarted back)
            when ends(state, back) ->
                Stream.concat(evidence(state).stream(), shadowed(state.run(), shadow -> shadow.back(back)))
                        .toList();
            case Heard(var event) when ends(state, event) -> evidence(state);
            case Tick() when nextDue(state).filter(due -> !now.isBefore(due)).isPresent() -> missed(state);
            case Heard _, Tick _ -> List.of();
        };
    }

    /// The state after an event.
    ///
    /// @param now of the input: the event's own, or of what it was decided on
    public static AnalysisState evolve(AnalysisState state, RolloutEvent event, Instant now) {
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
            case RouterDecision ending when isLast(ending) && ends(state, ending) -> state.over();
            case StepStarted step when state.isOf(step.rollout()) -> state.run(run -> stepped(run, step));
            case StepHeld held
            when state.isOf(held.rollout()) ->
                state.run(run -> run.shadow(shadow -> shadow.counted(held.failedChecks())));
            case PodReplacementStarted replaced
            when state.isOf(replaced.rollout()) ->
                state.run(run -> run.guard(run.guard().suspicionAnswered()));
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
            case MetricsMeasured measured -> answers(state, measured) ? state.at(at -> at.seen(measured)) : state;
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
            when state.isOf(suspected.rollout()) ->
                state.decided()
                        .run(run -> run.guard(run.guard().suspecting(suspected, now))
                                .shadow(Shadow::nowOver));
            case CheckCompleted _,
                    EvidenceRecorded _,
                    GuardTripped _,
                    PodSuspected _,
                    BudgetSpent _,
                    TrafficMeasured _,
                    ShadowDiffered _ -> state.decided();
            case RequestsCounted counted -> isNew(state, counted) ? state.run(run -> seen(run, counted, now)) : state;
            case GateDecided gate -> state.isOf(gate.rollout()) ? state.run(run -> answered(run, gate)) : state;
        };
    }

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

    /// A step that is cleared by the counts behind every one of its metrics is checked now. A metric without counts has
    /// but its value, and that its interval.
    private static Run hurried(Run run, Instant now) {
        boolean counted = !run.spec().metrics().isEmpty()
                && run.spec().metrics().stream()
                        .allMatch(metric -> Optional.ofNullable(
                                        run.guard().metrics().get(metric.name()))
                                .filter(known -> !known.isValueOnly())
                                .isPresent());
        return run.at()
                .filter(at -> counted && at.clearing().filter(Clearing::early).isPresent())
                .filter(_ -> open(run, now).isEmpty())
                .map(at -> run.at(at.hurried(now, run.spec().interval())))
                .orElse(run);
    }

    /// What the step still has to show before it goes on, in sentences.
    private static List<String> open(Run run, Instant now) {
        var judge = GuardJudge.of(run.spec());
        var shown = run.at().flatMap(AtStep::clearing).orElse(Clearing.NEW);
        return judge.clears()
                ? run.spec().metrics().stream()
                        .flatMap(metric -> judge
                                .open(
                                        metric.name(),
                                        Optional.ofNullable(
                                                run.guard().metrics().get(metric.name())),
                                        shown.of(metric.name()),
                                        now)
                                .stream())
                        .toList()
                : List.of();
    }

    /// A check that only waits for more requests told something, and keeps its interval.
    private static Run checked(Run run, CheckCompleted check, Instant now) {
        boolean waits = !check.metrics().isEmpty()
                && check.metrics().stream().allMatch(metric -> metric.verdict() == Verdict.PASSED);
        var next = run.checked(check.look(), check.verdict() != Verdict.INCONCLUSIVE || waits, now);
        return next.at()
                .map(at -> next.at(at.clearing(shownAfter(at.clearing().orElse(Clearing.NEW), check.verdict()))))
                .orElse(next);
    }

    private static Clearing shownAfter(Clearing shown, Verdict verdict) {
        return switch (verdict) {
            case PASSED, FAILED -> shown.atItsTime();
            case INCONCLUSIVE -> shown;
        };
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

    /// The instant from which the look that is due counts as missed.
    public static Optional<Instant> nextDue(AnalysisState state) {
        return wanted(state).look().map(Wanted.Look::until);
    }

    /// What the guard knows of the rollout under way, per metric: for who looks on.
    public static List<GuardResult> guard(AnalysisState state, Instant now) {
        return state.run()
                .map(run -> GuardJudge.of(run.spec()).results(run.guard(), now))
                .orElse(List.of());
    }

    /// What the collector should be at in this state. Asking again gives the same answer.
    public static Wanted wanted(AnalysisState state) {
        return state.run()
                .map(run -> new Wanted(
                        run.at().flatMap(at -> look(run, at)),
                        run.gates().stream().map(gate -> gate(run, gate)).toList(),
                        guard(run)))
                .orElse(Wanted.NOTHING);
    }

    private static Optional<Wanted.Guard> guard(Run run) {
        var judge = GuardJudge.of(run.spec());
        boolean begun = run.at().isPresent() || run.ahead().isPresent();
        return begun && judge.looks() && !run.guard().tripped()
                ? Optional.of(new Wanted.Guard(
                        run.rollout(),
                        run.step(),
                        run.guard().look(),
                        judge.every(run.guard()),
                        Question.of(run.spec().metrics()),
                        run.spec()))
                : Optional.empty();
    }

    private static Optional<Wanted.Look> look(Run run, AtStep at) {
        var spec = run.spec();
        return at.due()
                .map(due -> new Wanted.Look(
                        run.rollout(),
                        at.step(),
                        at.look(),
                        due,
                        due.plus(patience(spec)),
                        Question.of(spec.metrics()),
                        spec));
    }

    /// How long a look may take: an interval, or what its webhooks and queries may take at worst.
    private static Duration patience(CanarySpec spec) {
        var hooks = spec.hooks(HookKind.ROLLOUT).stream()
                .map(hook -> hook.timeout()
                        .multipliedBy(hook.retries() + 1L)
                        .plus(LONGEST_PAUSE.multipliedBy(hook.retries())))
                .reduce(Duration.ZERO, Duration::plus);
        var worst = hooks.plus(SLOWEST_QUERY.multipliedBy(spec.metrics().size()));
        return worst.compareTo(spec.interval()) > 0 ? worst : spec.interval();
    }

    /// A refusal of `pre-rollout` counts as a failed check, so it is asked as often as those are made.
    private static Wanted.Gate gate(Run run, OpenGate gate) {
        var interval = run.spec().interval();
        boolean counts = gate.kind() == HookKind.PRE_ROLLOUT || interval.compareTo(LONGEST_WAIT_AT_A_GATE) < 0;
        return new Wanted.Gate(
                run.rollout(),
                gate.kind(),
                gate.step(),
                gate.attempt(),
                gate.answer(),
                counts ? interval : LONGEST_WAIT_AT_A_GATE,
                run.spec());
    }

    private static boolean answers(AnalysisState state, MetricsMeasured measured) {
        return wanted(state)
                .look()
                .filter(look -> look.rollout().equals(measured.rollout())
                        && look.step() == measured.step()
                        && look.look() == measured.look()
                        && look.question().equals(measured.question()))
                .isPresent();
    }

    /// The step's analysis is over with this event.
    private static boolean ends(AnalysisState state, RolloutEvent event) {
        return switch (event) {
            case StepStarted step ->
                state.isOf(step.rollout())
                        && state.run().filter(run -> step.step() > run.step()).isPresent();
            case RolloutStarted started -> started.rollout().number() > state.rollouts();
            case TerminationStarted _, InitializationStarted _, CanaryDeleted _ -> true;
            case PromotionStarted _,
                    RollbackStarted _,
                    PromotionFailed _,
                    DrainStarted _,
                    ScaleDownStarted _,
                    Promoted _,
                    RolledBack _,
                    Superseded _ -> event.ofRollout().filter(state::isOf).isPresent();
            case RouterDecision _, RouterOutcome _, AnalyzerEvent _, DetectorEvent _, NotifierEvent _ -> false;
        };
    }

    /// And so is the rollout's.
    private static boolean isLast(RouterDecision ending) {
        return !(ending instanceof StepStarted || ending instanceof RolloutStarted);
    }

    private static List<AnalyzerEvent> checked(AnalysisState state, MetricsMeasured measured, Instant now) {
        var run = state.run().orElseThrow();
        var looks = run.at().orElseThrow().seen(measured).looks();
        var check = judged(run, measured, now);
        var said = new ArrayList<AnalyzerEvent>();
        said.add(check);
        if (looks.size() >= LOOKS_AT_ONCE) {
            said.add(new EvidenceRecorded(
                    run.rollout(), run.step(), looks, run.guard().counted()));
        }
        shadowed(state.run(), shadow -> shadow.checked(check, judged(shadow.under(), measured, now)))
                .forEach(said::add);
        return List.copyOf(said);
    }

    private static Stream<AnalyzerEvent> shadowed(
            Optional<Run> run, Function<ShadowJudge, Optional<ShadowDiffered>> judged) {
        return run.flatMap(ShadowJudge::of).flatMap(judged).<AnalyzerEvent>map(said -> said).stream();
    }

    private static boolean isNew(AnalysisState state, RequestsCounted counted) {
        return state.isOf(counted.rollout())
                && state.run()
                        .filter(run -> counted.look() >= run.guard().look()
                                && counted.question()
                                        .equals(Question.of(run.spec().metrics())))
                        .isPresent();
    }

    private static List<AnalyzerEvent> guarded(AnalysisState state, RequestsCounted counted, Instant now) {
        var run = state.run().orElseThrow();
        var judge = GuardJudge.of(run.spec());
        var guard = judge.seen(run.guard(), counted, now);
        var said = new ArrayList<AnalyzerEvent>();
        if (!guard.tripped()) {
            new Blame(judge, guard, counted, now).verdict().ifPresent(said::add);
            if (said.isEmpty()) {
                judge.usedUp(guard)
                        .ifPresent(most -> said.add(new BudgetSpent(
                                run.rollout(),
                                counted.step(),
                                counted.look(),
                                most.getKey(),
                                most.getValue(),
                                judge.guard().budget().orElseThrow(),
                                judge.usedUp(most.getKey(), most.getValue(), guard),
                                judge.results(guard, now))));
            }
        }
        run.ahead()
                .map(ahead -> ahead.seen(counted, now))
                .flatMap(ahead -> ahead.measured(run.rollout(), now))
                .ifPresent(said::add);
        if (guard.counted().size() >= LOOKS_AT_ONCE) {
            run.at()
                    .ifPresent(at ->
                            said.add(new EvidenceRecorded(run.rollout(), at.step(), at.looks(), guard.counted())));
        }
        var tripped = said.stream()
                .filter(GuardTripped.class::isInstance)
                .map(GuardTripped.class::cast)
                .findFirst();
        boolean suspects = said.stream().anyMatch(PodSuspected.class::isInstance);
        if (!suspects) {
            shadowed(state.run(), shadow -> shadow.guarded(counted, now, tripped))
                    .forEach(said::add);
        }
        return List.copyOf(said);
    }

    private static CheckCompleted judged(Run run, MetricsMeasured measured, Instant now) {
        var spec = run.spec();
        var refused = measured.hooks().stream().filter(hook -> !hook.passed()).findFirst();
        var results = refused.isPresent() ? List.<MetricResult>of() : results(run, measured, now);
        var found = refused.isPresent() ? Verdict.FAILED : worst(results);
        var waiting = run.guard()
                .suspicion()
                .filter(suspicion -> found == Verdict.PASSED && !suspicion.isOver(run.guard()))
                .map(Suspicion::waiting);
        var verdict = waiting.isPresent() ? Verdict.INCONCLUSIVE : found;
        var guard = GuardJudge.of(spec).results(run.guard(), now);
        var open = verdict == Verdict.PASSED ? open(run, now) : List.<String>of();
        var reasons = Stream.of(
                        refused.stream().map(AnalysisDecider::sentence),
                        waiting.stream(),
                        results.stream()
                                .filter(result -> result.verdict() == verdict)
                                .map(result -> explained(result, guard)))
                .flatMap(each -> each)
                .toList();
        return new CheckCompleted(
                measured.rollout(),
                measured.step(),
                measured.look(),
                open.isEmpty() ? verdict : Verdict.INCONCLUSIVE,
                results,
                open.isEmpty() ? reasons : open,
                guard);
    }

    /// The value against its bounds, and what the counts behind it say.
    private static String explained(MetricResult result, List<GuardResult> guard) {
        return guard.stream()
                .filter(counts -> counts.metric().equals(result.metric()))
                .map(counts -> "%s; %s".formatted(result.sentence(), withoutName(counts)))
                .findFirst()
                .orElse(result.sentence());
    }

    private static String withoutName(GuardResult counts) {
        var name = counts.metric() + ": ";
        return counts.sentence().startsWith(name) ? counts.sentence().substring(name.length()) : counts.sentence();
    }

    private static List<MetricResult> results(Run run, MetricsMeasured measured, Instant now) {
        return run.spec().metrics().stream()
                .map(metric -> {
                    var result = result(metric, measured, run.spec().strict());
                    return run.guard()
                            .suspicion()
                            .map(suspicion -> suspicion.softened(
                                    result,
                                    metric,
                                    run.guard(),
                                    run.spec().guarded().mode(),
                                    now))
                            .orElse(result);
                })
                .toList();
    }

    private static MetricResult result(MetricSpec metric, MetricsMeasured measured, boolean strict) {
        return Optional.ofNullable(measured.metrics().get(metric.name()))
                .map(seen -> ThresholdJudge.judge(metric, seen, strict))
                .orElseGet(() -> ThresholdJudge.missing(metric));
    }

    private static Verdict worst(List<MetricResult> results) {
        return Stream.of(Verdict.FAILED, Verdict.INCONCLUSIVE)
                .filter(verdict -> results.stream().anyMatch(result -> result.verdict() == verdict))
                .findFirst()
                .orElse(Verdict.PASSED);
    }

    private static String sentence(HookResult hook) {
        return "webhook %s: %s".formatted(hook.hook(), hook.why());
    }

    private static List<AnalyzerEvent> missed(AnalysisState state) {
        var run = state.run().orElseThrow();
        var at = run.at().orElseThrow();
        return List.of(new CheckCompleted(
                run.rollout(),
                at.step(),
                at.look(),
                Verdict.INCONCLUSIVE,
                List.of(),
                List.of("no measurement came in time; the analyzer was away, or its log")));
    }

    private static List<AnalyzerEvent> evidence(AnalysisState state) {
        return state.run()
                .flatMap(run -> run.at()
                        .filter(at ->
                                !at.looks().isEmpty() || !run.guard().counted().isEmpty())
                        .map(at -> List.<AnalyzerEvent>of(new EvidenceRecorded(
                                run.rollout(),
                                at.step(),
                                at.looks(),
                                run.guard().counted()))))
                .orElse(List.of());
    }
}
