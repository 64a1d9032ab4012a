package dev.aviary.decisions.backtest;

import dev.aviary.decisions.analysis.AnalysisDecider;
import dev.aviary.decisions.analysis.AnalysisInput;
import dev.aviary.decisions.analysis.AnalysisState;
import dev.aviary.decisions.analysis.Wanted;
import dev.aviary.decisions.rollout.RolloutDecider;
import dev.aviary.decisions.rollout.RolloutInput;
import dev.aviary.decisions.rollout.RolloutState;
import dev.aviary.decisions.rollout.RolloutState.Phase.Progressing;
import dev.aviary.events.AnalyzerEvent;
import dev.aviary.events.CanaryApplied;
import dev.aviary.events.CanarySpec;
import dev.aviary.events.HookKind;
import dev.aviary.events.Percent;
import dev.aviary.events.Plan;
import dev.aviary.events.RolloutEvent;
import dev.aviary.events.RolloutStarted;
import dev.aviary.events.RouterDecision;
import dev.aviary.events.StepStarted;
import dev.aviary.events.TrafficShifted;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// The other course: the two deciders that act live, under the other policy. What they hear of, and when, is [Rerun]'s.
final class Otherwise {
    private final RolloutStarted started;
    private Plan plan;
    private RolloutState router;
    private AnalysisState analysis;

    /// @param spec by which they judge
    Otherwise(RolloutStarted recorded, CanarySpec spec, Instant at) {
        var acting = recorded.plan();
        boolean recovers = acting.equals(Plan.recovery(acting.spec())) && !acting.equals(Plan.of(acting.spec()));
        plan = recovers ? Plan.recovery(spec) : Plan.of(spec);
        started = new RolloutStarted(
                recorded.rollout(), recorded.from(), recorded.to(), recorded.images(), plan, recorded.by());
        router = RolloutDecider.evolve(
                RolloutDecider.evolve(RolloutState.NEW, new CanaryApplied("", 0, acting.spec())), started);
        analysis = AnalysisDecider.evolve(AnalysisState.NEW, started, at);
    }

    /// -1 before the first.
    int step() {
        return router.phase() instanceof Progressing at ? at.step() : -1;
    }

    boolean isLast() {
        return plan.isLast(step());
    }

    boolean isProgressing() {
        return router.phase() instanceof Progressing;
    }

    boolean isUnderWay() {
        return router.underWay();
    }

    boolean acts() {
        return plan.spec().guarded().acts();
    }

    /// The canary's share.
    Percent share() {
        return step() < 0 ? Percent.ZERO : plan.steps().get(step()).canary();
    }

    /// It is in a step like this one.
    boolean isIn(Plan.Step of) {
        if (step() < 0) {
            return false;
        }
        var mine = plan.steps().get(step());
        return of.canary().equals(mine.canary())
                && of.mirror().equals(mine.mirror())
                && of.match().equals(mine.match());
    }

    Optional<HookKind> awaits() {
        return router.phase() instanceof Progressing at ? at.awaited() : Optional.empty();
    }

    Wanted wanted() {
        return AnalysisDecider.wanted(analysis);
    }

    /// What others did, and the router alone takes to heart.
    void hear(RolloutEvent event) {
        router = RolloutDecider.evolve(router, event);
    }

    void shifted(TrafficShifted shifted, Instant now) {
        analysis = AnalysisDecider.evolve(analysis, shifted, now);
    }

    static Plan beginning(Plan plan, Percent share) {
        var steps = new ArrayList<>(plan.steps());
        var first = steps.getFirst();
        steps.set(0, new Plan.Step(share, first.mirror(), first.match(), first.checks()));
        return new Plan(plan.spec(), List.copyOf(steps));
    }

    /// The first step. Where the same plan and the same budget chose its share, it is the recorded one's: the log alone
    /// doesn't tell whether the router had heard of the traffic by then.
    void begin(StepStarted recorded, Plan acting, Instant now) {
        boolean same = plan.steps().getFirst().equals(acting.steps().getFirst())
                && acts() == acting.spec().guarded().acts()
                && plan.spec().guarded().budget().equals(acting.spec().guarded().budget());
        if (same) {
            follow(recorded, now);
        } else {
            goTo(0, recorded, now);
        }
    }

    /// A step that others led to.
    void goTo(int step, StepStarted recorded, Instant now) {
        var planned = plan.steps().get(step);
        var share = router.phase() instanceof Progressing at ? at.run().share(step) : planned.canary();
        follow(
                new StepStarted(started.rollout(), step, share, planned.mirror(), planned.match(), recorded.deadline()),
                now);
    }

    void follow(RouterDecision decision, Instant now) {
        if (decision instanceof StepStarted first && first.step() == 0) {
            plan = beginning(plan, first.canary());
        }
        router = RolloutDecider.evolve(router, decision);
        analysis = AnalysisDecider.evolve(analysis, decision, now);
    }

    /// @return what the analyzer says to it
    List<AnalyzerEvent> analyse(AnalyzerEvent seen, Instant now) {
        var said = AnalysisDecider.decide(analysis, new AnalysisInput.Heard(seen), now);
        analysis = AnalysisDecider.evolve(analysis, seen, now);
        for (var event : said) {
            analysis = AnalysisDecider.evolve(analysis, event, now);
        }
        return said;
    }

    /// @return what the router decides on it; none of it has been followed
    List<RouterDecision> decide(RolloutEvent input, Instant now) {
        var decisions = RolloutDecider.decide(router, new RolloutInput.Heard(input), now);
        router = RolloutDecider.evolve(router, input);
        return decisions;
    }
}
