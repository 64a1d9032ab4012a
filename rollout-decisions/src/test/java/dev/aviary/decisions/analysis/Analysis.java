package dev.aviary.decisions.analysis;

import dev.aviary.decisions.CanaryLike;
import dev.aviary.decisions.GuardLike;
import dev.aviary.decisions.analysis.AnalysisInput.Heard;
import dev.aviary.decisions.analysis.AnalysisInput.Tick;
import dev.aviary.events.AnalyzerEvent;
import dev.aviary.events.Bounds;
import dev.aviary.events.CanarySpec;
import dev.aviary.events.CheckCompleted;
import dev.aviary.events.HookKind;
import dev.aviary.events.HookSpec;
import dev.aviary.events.Measurement;
import dev.aviary.events.MetricSpec;
import dev.aviary.events.MetricsMeasured;
import dev.aviary.events.Percent;
import dev.aviary.events.Plan;
import dev.aviary.events.RolloutEvent;
import dev.aviary.events.RolloutId;
import dev.aviary.events.RolloutStarted;
import dev.aviary.events.StepStarted;
import dev.aviary.events.Strategy;
import dev.aviary.events.TrafficShifted;
import dev.aviary.events.WorkloadRef;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.UnaryOperator;

/// The live loop without the stream: hears, decides, and lets due instants pass.
final class Analysis {
    static final Instant NOON = Instant.parse("2026-01-01T12:00:00Z");
    static final Duration INTERVAL = Duration.ofSeconds(60);
    static final RolloutId ROLLOUT = new RolloutId(1, "v1:two");
    static final List<Percent> WEIGHTS = List.of(Percent.of("5"), Percent.of("50"));
    static final MetricSpec SUCCESS = new MetricSpec(
            "request-success-rate", new MetricSpec.BuiltIn(), "1m", new Bounds(Optional.of(99.0), Optional.empty()));

    private final List<AnalyzerEvent> said = new ArrayList<>();
    AnalysisState state = AnalysisState.NEW;
    Instant now = NOON;

    static Analysis ofFirstStep(HookSpec... hooks) {
        return ofFirstStep(spec(hooks));
    }

    /// With another guard.
    static Analysis ofFirstStep(UnaryOperator<GuardLike> guard) {
        return ofFirstStep(CanaryLike.of(spec()).guard(guard).spec());
    }

    static Analysis ofFirstStep(CanarySpec spec) {
        return new Analysis().hear(started(spec)).hear(step(0)).hear(shifted(3, 0));
    }

    static RolloutStarted started(HookSpec... hooks) {
        return started(spec(hooks));
    }

    static RolloutStarted started(CanarySpec spec) {
        return new RolloutStarted(ROLLOUT, "v1:one", "v1:two", List.of(), Plan.of(spec), Optional.empty());
    }

    static CanarySpec spec(HookSpec... hooks) {
        return new CanarySpec(
                new WorkloadRef("Deployment", "checkout"),
                "gatewayapi:v1",
                "checkout",
                new Strategy.Progressive(WEIGHTS, Percent.ZERO),
                INTERVAL,
                2,
                Duration.ofMinutes(10),
                Duration.ZERO,
                100,
                100,
                List.of(SUCCESS),
                List.of(hooks),
                false,
                false,
                false,
                false);
    }

    static HookSpec hook(HookKind kind) {
        return new HookSpec(kind.word(), kind, Duration.ofSeconds(10), 0, false);
    }

    static StepStarted step(int step) {
        return new StepStarted(ROLLOUT, step, WEIGHTS.get(step), Percent.ZERO, List.of(), NOON.plusSeconds(600));
    }

    static TrafficShifted shifted(long seq, int step) {
        return new TrafficShifted(seq, WEIGHTS.get(step), Percent.ZERO, Duration.ZERO);
    }

    static MetricsMeasured measured(int step, int look, Measurement rate) {
        return new MetricsMeasured(
                ROLLOUT,
                step,
                look,
                Question.of(List.of(SUCCESS)),
                new TreeMap<>(Map.of(SUCCESS.name(), rate)),
                List.of());
    }

    static Measurement rate(double percent) {
        return new Measurement.Value(percent);
    }

    Analysis hear(RolloutEvent event) {
        return step(new Heard(event), AnalysisDecider.evolve(state, event, now), now);
    }

    /// The clock goes on; what falls due on the way is decided at its own instant.
    Analysis pass(Duration time) {
        var until = now.plus(time);
        for (var due = AnalysisDecider.nextDue(state);
                due.isPresent() && !due.get().isAfter(until);
                due = AnalysisDecider.nextDue(state)) {
            step(new Tick(), state, due.get());
        }
        now = until;
        return this;
    }

    private Analysis step(AnalysisInput input, AnalysisState heard, Instant at) {
        var decisions = AnalysisDecider.decide(state, input, at);
        state = heard;
        for (var decision : decisions) {
            state = AnalysisDecider.evolve(state, decision, at);
            said.add(decision);
        }
        return this;
    }

    List<AnalyzerEvent> said() {
        return List.copyOf(said);
    }

    List<CheckCompleted> checks() {
        return said.stream()
                .filter(CheckCompleted.class::isInstance)
                .map(CheckCompleted.class::cast)
                .toList();
    }

    Wanted wanted() {
        return AnalysisDecider.wanted(state);
    }
}
