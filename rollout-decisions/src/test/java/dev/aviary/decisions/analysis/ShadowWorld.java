package dev.aviary.decisions.analysis;

import dev.aviary.decisions.rollout.RolloutDecider;
import dev.aviary.decisions.rollout.RolloutInput;
import dev.aviary.decisions.rollout.RolloutState;
import dev.aviary.events.*;
import dev.aviary.events.CanarySpec;
import dev.aviary.events.Count.Counted;
import dev.aviary.events.Count.PodCount;
import dev.aviary.events.Count.Side;
import dev.aviary.events.Count.Source;
import dev.aviary.events.WorkloadChanged.Role;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;

/// Router and analyzer in one loop, each hearing the other, without the streams.
final class ShadowWorld {
    /// What happens next.
    sealed interface Move {
        record Check(double percent) implements Move {}

        record NoData() implements Move {}

        record HookRefused() implements Move {}

        record Missed() implements Move {}

        record Look(long failures, long total) implements Move {}

        /// One pod of two fails, the other one doesn't.
        record Ill(long failures, long total) implements Move {}

        /// The last input, once more.
        record Again() implements Move {}

        record Paused() implements Move {}

        record Resumed() implements Move {}

        record Aborted() implements Move {}
    }

    private final List<RolloutEvent> said = new ArrayList<>();
    private RolloutState router = RolloutState.NEW;
    private AnalysisState analyzer = AnalysisState.NEW;
    private Instant now = Analysis.NOON;
    private RolloutEvent last;

    private ShadowWorld(CanarySpec spec) {
        last = new CanaryApplied("uid-1", 1, spec);
        hear(last);
        hear(revision("v1:one"));
        hear(new PrimaryInitialized(router.desired().seq(), false, Percent.ZERO, Duration.ZERO));
        hear(revision("v1:two"));
        hear(new WorkloadChanged(
                "checkout", Role.TARGET, true, "v1:two", new Replicas(1, 1, 1, 1, true), Optional.empty()));
    }

    /// @return every decision of both, in their order
    static List<RolloutEvent> run(CanarySpec spec, List<Move> moves) {
        var world = new ShadowWorld(spec);
        moves.forEach(world::move);
        return world.said;
    }

    private void move(Move move) {
        var wanted = AnalysisDecider.wanted(analyzer);
        switch (move) {
            case Move.Check(double percent) -> check(wanted, new Measurement.Value(percent), List.of());
            case Move.NoData() -> check(wanted, new Measurement.NoData(), List.of());
            case Move.HookRefused() ->
                check(wanted, new Measurement.Value(100), List.of(new HookResult("load", false, "503")));
            case Move.Missed() ->
                AnalysisDecider.nextDue(analyzer).ifPresent(due -> {
                    now = due;
                    analyze(new AnalysisInput.Tick(), analyzer);
                });
            case Move.Look(long failures, long total) ->
                look(wanted, of("checkout-1", failures, total), of("checkout-2", 0, 0));
            case Move.Ill(long failures, long total) ->
                look(wanted, of("checkout-1", 0, total), of(ill(), failures, total));
            case Move.Again() -> say(last);
            case Move.Paused() -> command(OperatorCommanded.Verb.PAUSE);
            case Move.Resumed() -> command(OperatorCommanded.Verb.RESUME);
            case Move.Aborted() -> command(OperatorCommanded.Verb.ABORT);
        }
    }

    private void check(Wanted wanted, Measurement measurement, List<HookResult> hooks) {
        wanted.look().ifPresent(look -> {
            now = look.due().isAfter(now) ? look.due() : now;
            say(new MetricsMeasured(
                    look.rollout(),
                    look.step(),
                    look.look(),
                    look.question(),
                    new TreeMap<>(Map.of(Analysis.SUCCESS.name(), measurement)),
                    hooks));
        });
    }

    private void look(Wanted wanted, PodCount... pods) {
        wanted.guard().ifPresent(look -> {
            now = now.plus(look.every());
            say(new RequestsCounted(
                    look.rollout(),
                    look.step(),
                    look.look(),
                    look.question(),
                    new TreeMap<>(Map.of(Analysis.SUCCESS.name(), counted(pods)))));
        });
    }

    /// Its successor once it was replaced.
    private String ill() {
        return said.stream().anyMatch(PodReplacementStarted.class::isInstance) ? "checkout-3" : "checkout-2";
    }

    private static PodCount of(String pod, long failures, long total) {
        return new PodCount(pod, "node", Side.CANARY, failures, total);
    }

    private static Count counted(PodCount... pods) {
        return new Counted(
                Source.PODS,
                .01,
                "failed",
                Optional.empty(),
                Stream.concat(
                                Stream.of(pods),
                                Stream.of(new PodCount("checkout-primary-1", "node", Side.PRIMARY, 1, 200)))
                        .filter(pod -> pod.total() > 0)
                        .toList());
    }

    private void command(OperatorCommanded.Verb verb) {
        say(new OperatorCommanded("id-" + said.size() + verb, verb, "alice", ""));
    }

    private void say(RolloutEvent input) {
        last = input;
        hear(input);
    }

    private void hear(RolloutEvent event) {
        analyze(new AnalysisInput.Heard(event), AnalysisDecider.evolve(analyzer, event, now));
        // The measurements' topic is none of the router's.
        if (!(event instanceof MetricsMeasured || event instanceof RequestsCounted)) {
            route(event);
        }
    }

    private void analyze(AnalysisInput input, AnalysisState heard) {
        var decisions = AnalysisDecider.decide(analyzer, input, now);
        analyzer = heard;
        for (var decision : decisions) {
            analyzer = AnalysisDecider.evolve(analyzer, decision, now);
            said.add(decision);
        }
        decisions.forEach(this::route);
    }

    private void route(RolloutEvent event) {
        var decisions = RolloutDecider.decide(router, new RolloutInput.Heard(event), now);
        router = RolloutDecider.evolve(router, event);
        for (var decision : decisions) {
            router = RolloutDecider.evolve(router, decision);
            said.add(decision);
        }
        decisions.forEach(decision ->
                analyze(new AnalysisInput.Heard(decision), AnalysisDecider.evolve(analyzer, decision, now)));
        confirm(decisions);
    }

    private void confirm(List<RouterDecision> decisions) {
        var wanted = RolloutDecider.desired(router);
        if (!decisions.isEmpty() && !wanted.canary().equals(router.confirmed().canary())) {
            hear(new TrafficShifted(wanted.seq(), wanted.canary(), wanted.mirror(), Duration.ZERO));
        }
    }

    private static RevisionDetected revision(String name) {
        return new RevisionDetected(name, Optional.empty(), List.of("shop:2"), List.of(), new TreeMap<>());
    }
}
