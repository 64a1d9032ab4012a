package dev.aviary.decisions.analysis;

import dev.aviary.decisions.analysis.AnalysisInput.Heard;
import dev.aviary.decisions.analysis.AnalysisInput.Tick;
import dev.aviary.decisions.analysis.AnalysisState.AtStep;
import dev.aviary.decisions.analysis.AnalysisState.OpenGate;
import dev.aviary.decisions.analysis.AnalysisState.Run;
import dev.aviary.events.AnalyzerEvent;
import dev.aviary.events.CanaryDeleted;
import dev.aviary.events.CanarySpec;
import dev.aviary.events.CheckCompleted;
import dev.aviary.events.DetectorEvent;
import dev.aviary.events.DrainStarted;
import dev.aviary.events.EvidenceRecorded;
import dev.aviary.events.GuardResult;
import dev.aviary.events.HookKind;
import dev.aviary.events.InitializationStarted;
import dev.aviary.events.MetricsMeasured;
import dev.aviary.events.NotifierEvent;
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
import dev.aviary.events.ShadowDiffered;
import dev.aviary.events.StepHeld;
import dev.aviary.events.StepStarted;
import dev.aviary.events.Superseded;
import dev.aviary.events.TerminationStarted;
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
    public static final int VERSION = 6;

    /// Looks in one `EvidenceRecorded`: a step may wait at a gate for days, its record and its state may not grow.
    static final int LOOKS_AT_ONCE = 100;

    /// The guard's looks in one: they are larger, and the state that holds them is written at each.
    static final int COUNTED_AT_ONCE = 20;

    private static final Duration SLOWEST_QUERY = Duration.ofSeconds(5);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(30);
    private static final Duration LONGEST_WAIT_AT_A_GATE = Duration.ofSeconds(10);

    private AnalysisDecider() {}

    /// What follows from one input. The state is the one before it: a repeat is known by what stands there.
    public static List<AnalyzerEvent> decide(AnalysisState state, AnalysisInput input, Instant now) {
        return decide(state, input instanceof Heard(var event) ? evolve(state, event, now) : state, input, now);
    }

    /// The same for who needs the state behind the input anyway: a look is counted once then.
    ///
    /// @param after the state behind an event that was heard, as [#evolve] gives it
    public static List<AnalyzerEvent> decide(
            AnalysisState state, AnalysisState after, AnalysisInput input, Instant now) {
        return switch (input) {
            case Heard(MetricsMeasured measured) when answers(state, measured) -> checked(state, measured, now);
            case Heard(RequestsCounted counted) when isLater(after, state) -> guarded(after, counted, now);
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
        return AnalysisEvolution.evolve(state, event, now);
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

    private static Optional<Wanted.Guard> guard(Run run, String question) {
        var judge = GuardJudge.of(run.spec());
        boolean begun = run.at().isPresent() || run.ahead().isPresent();
        return begun && judge.looks() && !run.guard().tripped()
                ? Optional.of(new Wanted.Guard(
                        run.rollout(), run.step(), run.guard().look(), judge.every(run.guard()), question, run.spec()))
                : Optional.empty();
    }

    /// What the collector should be at in this state. Asking again gives the same answer.
    public static Wanted wanted(AnalysisState state) {
        return state.run().map(AnalysisDecider::wanted).orElse(Wanted.NOTHING);
    }

    private static Wanted wanted(Run run) {
        var question = Question.of(run.spec().metrics());
        return new Wanted(
                run.at().flatMap(at -> look(run, at, question)),
                run.gates().stream().map(gate -> gate(run, gate)).toList(),
                guard(run, question));
    }

    private static Optional<Wanted.Look> look(Run run, AtStep at, String question) {
        var spec = run.spec();
        return at.due()
                .map(due -> new Wanted.Look(
                        run.rollout(), at.step(), at.look(), due, due.plus(patience(spec)), question, spec));
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

    static boolean answers(AnalysisState state, MetricsMeasured measured) {
        return wanted(state)
                .look()
                .filter(look -> look.rollout().equals(measured.rollout())
                        && look.step() == measured.step()
                        && look.look() == measured.look()
                        && look.question().equals(measured.question()))
                .isPresent();
    }

    /// The step's analysis is over with this event.
    static boolean ends(AnalysisState state, RolloutEvent event) {
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
    static boolean isLast(RouterDecision ending) {
        return !(ending instanceof StepStarted || ending instanceof RolloutStarted);
    }

    private static List<AnalyzerEvent> checked(AnalysisState state, MetricsMeasured measured, Instant now) {
        var run = state.run().orElseThrow();
        var looks = run.at().orElseThrow().seen(measured).looks();
        var check = new CheckJudge(run, now).judged(measured);
        var said = new ArrayList<AnalyzerEvent>();
        said.add(check);
        if (looks.size() >= LOOKS_AT_ONCE) {
            said.add(evidence(run, run.step(), looks));
        }
        shadowed(state.run(), shadow -> shadow.checked(check, measured, now)).forEach(said::add);
        return List.copyOf(said);
    }

    private static Stream<AnalyzerEvent> shadowed(
            Optional<Run> run, Function<ShadowJudge, Optional<ShadowDiffered>> judged) {
        return run.flatMap(ShadowJudge::of).flatMap(judged).<AnalyzerEvent>map(said -> said).stream();
    }

    static boolean isNew(AnalysisState state, RequestsCounted counted) {
        return state.isOf(counted.rollout())
                && state.run()
                        .filter(run -> counted.look() >= run.guard().look()
                                && counted.question()
                                        .equals(Question.of(run.spec().metrics())))
                        .isPresent();
    }

    /// The guard has seen another look: one that isn't new leaves the state as it was.
    private static boolean isLater(AnalysisState after, AnalysisState before) {
        return after.run()
                .flatMap(run -> before.run()
                        .filter(earlier -> run.guard().look() > earlier.guard().look()))
                .isPresent();
    }

    private static List<AnalyzerEvent> guarded(AnalysisState after, RequestsCounted counted, Instant now) {
        var run = after.run().orElseThrow();
        var look = new GuardVerdict.Look(run.rollout(), counted.step(), counted.look(), now);
        var verdict = GuardVerdict.of(GuardJudge.of(run.spec()), run.guard(), look);
        var said = new ArrayList<AnalyzerEvent>();
        verdict.map(GuardVerdict::said).ifPresent(said::add);
        run.ahead().flatMap(ahead -> ahead.measured(run.rollout(), now)).ifPresent(said::add);
        if (run.guard().counted().size() >= COUNTED_AT_ONCE) {
            run.at().ifPresent(at -> said.add(evidence(run, at.step(), at.looks())));
        }
        shadowed(Optional.of(run), shadow -> shadow.guarded(look, verdict)).forEach(said::add);
        return List.copyOf(said);
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
                        .map(at -> List.<AnalyzerEvent>of(evidence(run, at.step(), at.looks()))))
                .orElse(List.of());
    }

    private static EvidenceRecorded evidence(Run run, int step, List<MetricsMeasured> looks) {
        return new EvidenceRecorded(
                run.rollout(),
                step,
                looks,
                run.guard().counted(),
                Optional.of(run.guard().pods()));
    }
}
