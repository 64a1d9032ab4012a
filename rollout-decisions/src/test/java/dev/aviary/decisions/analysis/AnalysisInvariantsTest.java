package dev.aviary.decisions.analysis;

import static dev.aviary.decisions.analysis.Analysis.INTERVAL;
import static org.assertj.core.api.Assertions.assertThat;

import dev.aviary.decisions.analysis.AnalysisInput.Heard;
import dev.aviary.decisions.analysis.AnalysisInput.Tick;
import dev.aviary.events.AnalyzerEvent;
import dev.aviary.events.CheckCompleted;
import dev.aviary.events.EvidenceRecorded;
import dev.aviary.events.GateDecided;
import dev.aviary.events.GateDecided.Outcome;
import dev.aviary.events.GateRequested;
import dev.aviary.events.HookKind;
import dev.aviary.events.Measurement;
import dev.aviary.events.MetricsMeasured;
import dev.aviary.events.RolloutEvent;
import dev.aviary.events.Superseded;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tuple;
import net.jqwik.api.statistics.Statistics;

/// Events come repeated, out of order, late, or not at all; time passes between them.
class AnalysisInvariantsTest {
    /// @param after time that passes before it is heard
    record Next(Duration after, RolloutEvent event) {}

    record Decided(Instant at, AnalyzerEvent said) {}

    @Property
    void everyLookIsCheckedAtMostOnce(@ForAll("story") List<Next> story) {
        var checks = run(story).stream()
                .filter(it -> it.said() instanceof CheckCompleted)
                .map(it -> (CheckCompleted) it.said())
                .toList();

        assertThat(checks)
                .extracting(CheckCompleted::step, CheckCompleted::look)
                .doesNotHaveDuplicates();
        Statistics.label("checks").collect(Integer.min(5, checks.size()));
    }

    @Property
    void theCountOfLooksOnlyGrowsWithinAStep(@ForAll("story") List<Next> story) {
        var state = AnalysisState.NEW;
        Optional<Wanted.Look> before = Optional.empty();
        var now = Analysis.NOON;
        int grown = 0;
        for (var next : story) {
            now = now.plus(next.after());
            state = after(state, new Heard(next.event()), now, new ArrayList<>());
            var look = AnalysisDecider.wanted(state).look();
            if (before.isPresent() && look.isPresent() && !(starts(next.event()))) {
                assertThat(look.get().look())
                        .isGreaterThanOrEqualTo(before.get().look());
                grown += look.get().look() - before.get().look();
            }
            before = look;
        }
        Statistics.label("grown").collect(Integer.min(3, grown));
    }

    @Property
    void nextDueMovesOnAtEachTick(@ForAll("story") List<Next> story) {
        var state = AnalysisState.NEW;
        var now = Analysis.NOON;
        int ticks = 0;
        for (var next : story) {
            now = now.plus(next.after());
            state = after(state, new Heard(next.event()), now, new ArrayList<>());
            for (int i = 0; i < 3; i++) {
                var due = AnalysisDecider.nextDue(state);
                if (due.isPresent()) {
                    var ticked = after(state, new Tick(), due.get(), new ArrayList<>());
                    assertThat(AnalysisDecider.nextDue(ticked))
                            .hasValueSatisfying(later -> assertThat(later).isAfter(due.get()));
                    state = ticked;
                    ticks++;
                }
            }
        }
        Statistics.label("ticks").collect(Integer.min(5, ticks));
    }

    @Property
    void whatWasJudgedIsInTheEvidenceOnceTheRolloutIsOver(@ForAll("story") List<Next> story) {
        var ended = new ArrayList<>(story);
        ended.add(new Next(Duration.ZERO, new Superseded(Analysis.ROLLOUT, "v1:three")));
        var said = run(ended);
        long judged = said.stream()
                .filter(it -> it.said() instanceof CheckCompleted check
                        && !check.metrics().isEmpty())
                .count();
        long recorded = said.stream()
                .filter(it -> it.said() instanceof EvidenceRecorded)
                .mapToLong(it -> ((EvidenceRecorded) it.said()).looks().size())
                .sum();

        assertThat(recorded).isEqualTo(judged);
        Statistics.label("recorded").collect(Long.min(3, recorded));
    }

    @Property
    void goingOnFromAnyStateDecidesTheSame(@ForAll("story") List<Next> story) {
        assertThat(run(story)).isEqualTo(run(story));
        var end = state(story);

        assertThat(AnalysisDecider.wanted(end)).isEqualTo(AnalysisDecider.wanted(end));
        assertThat(end.seq()).isEqualTo(run(story).size());
        Statistics.label("decisions").collect(Long.min(5, end.seq()));
    }

    private static boolean starts(RolloutEvent event) {
        return event instanceof dev.aviary.events.StepStarted || event instanceof dev.aviary.events.RolloutStarted;
    }

    private static List<Decided> run(List<Next> story) {
        var said = new ArrayList<Decided>();
        fold(story, said);
        return said;
    }

    private static AnalysisState state(List<Next> story) {
        return fold(story, new ArrayList<>());
    }

    private static AnalysisState fold(List<Next> story, List<Decided> said) {
        var state = AnalysisState.NEW;
        var now = Analysis.NOON;
        for (var next : story) {
            var until = now.plus(next.after());
            for (var due = AnalysisDecider.nextDue(state);
                    due.isPresent() && !due.get().isAfter(until);
                    due = AnalysisDecider.nextDue(state)) {
                state = after(state, new Tick(), due.get(), said);
            }
            now = until;
            state = after(state, new Heard(next.event()), now, said);
        }
        return state;
    }

    private static AnalysisState after(AnalysisState state, AnalysisInput input, Instant now, List<Decided> said) {
        var next = input instanceof Heard(var event) ? AnalysisDecider.evolve(state, event, now) : state;
        for (var decision : AnalysisDecider.decide(state, input, now)) {
            said.add(new Decided(now, decision));
            next = AnalysisDecider.evolve(next, decision, now);
        }
        return next;
    }

    @Provide
    Arbitrary<List<Next>> story() {
        var steps = Arbitraries.integers().between(0, 1);
        Arbitrary<Measurement> answers = Arbitraries.of(
                new Measurement.Value(99.9),
                new Measurement.Value(90),
                new Measurement.NoData(),
                new Measurement.TimedOut(5000));
        Arbitrary<RolloutEvent> measured = Combinators.combine(
                        steps, Arbitraries.integers().between(0, 4), answers)
                .as((step, look, answer) -> (RolloutEvent) Analysis.measured(step, look, answer));
        Arbitrary<RolloutEvent> shifted = Combinators.combine(
                        Arbitraries.longs().between(1, 9), steps)
                .as((seq, step) -> (RolloutEvent) Analysis.shifted(seq, step));
        Arbitrary<RolloutEvent> started = steps.map(step -> (RolloutEvent) Analysis.step(step));
        Arbitrary<RolloutEvent> rare = Arbitraries.of(
                Analysis.started(),
                new GateRequested(Analysis.ROLLOUT, HookKind.CONFIRM_PROMOTION, 0),
                new GateDecided(
                        Analysis.ROLLOUT,
                        HookKind.CONFIRM_PROMOTION,
                        0,
                        0,
                        Outcome.CLOSED,
                        "ask",
                        Optional.empty(),
                        "no"),
                new Superseded(Analysis.ROLLOUT, "v1:three"));
        var pauses = Arbitraries.of(0L, 1L, 10L, 60L, 61L, 150L).map(Duration::ofSeconds);
        var events = Arbitraries.frequencyOf(
                Tuple.of(9, measured), Tuple.of(4, shifted), Tuple.of(2, started), Tuple.of(1, rare));
        Arbitrary<Next> nexts = Combinators.combine(pauses, events).as(Next::new);
        var begin = List.of(
                new Next(Duration.ZERO, Analysis.started()),
                new Next(Duration.ZERO, Analysis.step(0)),
                new Next(Duration.ofSeconds(1), Analysis.shifted(1, 0)),
                new Next(INTERVAL, measured()));
        return nexts.list().ofMaxSize(40).map(rest -> {
            var all = new ArrayList<>(begin);
            all.addAll(rest);
            return all;
        });
    }

    private static MetricsMeasured measured() {
        return Analysis.measured(0, 0, Analysis.rate(99.9));
    }
}
