package dev.aviary.analyzer.collect;

import dev.aviary.analyzer.gate.Hooks;
import dev.aviary.analyzer.metric.Metrics;
import dev.aviary.decisions.analysis.Wanted;
import dev.aviary.events.CanaryKey;
import dev.aviary.events.GateDecided;
import dev.aviary.events.GateDecided.Outcome;
import dev.aviary.events.HookResult;
import dev.aviary.events.Measurement;
import dev.aviary.events.MetricsMeasured;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/// Webhooks and metric back ends as they are.
public final class LiveWorld implements World {
    private final Metrics metrics;
    private final Hooks hooks;
    private final Recorder recorder;

    public LiveWorld(Metrics metrics, Hooks hooks, Recorder recorder) {
        this.metrics = metrics;
        this.hooks = hooks;
        this.recorder = recorder;
    }

    @Override
    public MetricsMeasured look(CanaryKey canary, Wanted.Look look) {
        var spec = look.spec();
        var called = hooks.look(canary, look.rollout(), look.hooks(), spec.strict());
        SortedMap<String, Measurement> measured =
                called.stream().allMatch(HookResult::passed) ? metrics.measure(canary, spec) : new TreeMap<>();
        recorder.measured(canary, spec.target().name(), measured);
        return new MetricsMeasured(look.rollout(), look.step(), look.look(), look.question(), measured, called);
    }

    @Override
    public GateDecided ask(CanaryKey canary, Wanted.Gate gate, int attempt) {
        if (gate.hooks().isEmpty()) {
            return decided(gate, attempt, Outcome.OPENED, "", Optional.empty(), "no webhook guards it");
        }
        var word = hooks.ask(canary, gate.rollout(), gate.hooks(), gate.spec().strict());
        var outcome = switch (word.answer().kind()) {
            case YES -> Outcome.OPENED;
            case NO -> Outcome.CLOSED;
            case FAILED -> Outcome.FAILED;
        };
        return decided(
                gate,
                attempt,
                outcome,
                word.hook(),
                word.answer().status(),
                word.answer().why());
    }

    private static GateDecided decided(
            Wanted.Gate gate, int attempt, Outcome outcome, String hook, Optional<Integer> status, String why) {
        return new GateDecided(gate.rollout(), gate.kind(), gate.step(), attempt, outcome, hook, status, why);
    }
}
