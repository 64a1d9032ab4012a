package dev.aviary.decisions.analysis;

import dev.aviary.decisions.analysis.AnalysisState.AtStep;
import dev.aviary.decisions.analysis.AnalysisState.Run;
import dev.aviary.events.CheckCompleted;
import dev.aviary.events.GuardResult;
import dev.aviary.events.HookResult;
import dev.aviary.events.MetricResult;
import dev.aviary.events.MetricSpec;
import dev.aviary.events.MetricsMeasured;
import dev.aviary.events.Verdict;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// What a check makes of a look: the metrics' values, the hooks, and what the counts behind them still have to show.
///
/// @param run with the guard's state of now
record CheckJudge(Run run, Instant now) {
    /// The counts behind every one of its metrics show what the step has to show before it goes on, and no pod that is
    /// suspect is waited for. A metric without counts has but its value, and that its interval.
    boolean isCleared() {
        boolean counted = !run.spec().metrics().isEmpty()
                && run.spec().metrics().stream()
                        .allMatch(metric -> known(metric)
                                .filter(seen -> !seen.isValueOnly())
                                .isPresent());
        boolean suspects = run.guard()
                .suspicion()
                .filter(suspicion -> !suspicion.isOver(run.guard()))
                .isPresent();
        return counted && !suspects && open().isEmpty();
    }

    CheckCompleted judged(MetricsMeasured measured) {
        var spec = run.spec();
        var refused = measured.hooks().stream().filter(hook -> !hook.passed()).findFirst();
        var results = refused.isPresent() ? List.<MetricResult>of() : results(measured);
        var found = refused.isPresent() ? Verdict.FAILED : worst(results);
        var waiting = run.guard()
                .suspicion()
                .filter(suspicion -> found == Verdict.PASSED && !suspicion.isOver(run.guard()))
                .map(Suspicion::waiting);
        var verdict = waiting.isPresent() ? Verdict.INCONCLUSIVE : found;
        var guard = GuardJudge.of(spec).results(run.guard(), now);
        var open = verdict == Verdict.PASSED ? open() : List.<String>of();
        var reasons = Stream.of(
                        refused.stream().map(CheckJudge::sentence),
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

    /// What the step still has to show before it goes on, in sentences.
    List<String> open() {
        var judge = GuardJudge.of(run.spec());
        return judge.clears()
                ? run.spec().metrics().stream()
                        .flatMap(metric ->
                                judge
                                        .open(
                                                metric.name(),
                                                known(metric),
                                                clearing().of(metric.name()),
                                                now)
                                        .stream())
                        .toList()
                : List.of();
    }

    /// What it has shown, in sentences, where nothing is open any more.
    List<String> shown() {
        return run.spec().metrics().stream()
                .flatMap(metric ->
                        GuardJudge.of(run.spec())
                                .shown(metric.name(), known(metric), clearing().of(metric.name()))
                                .stream())
                .toList();
    }

    private Optional<MetricGuard> known(MetricSpec metric) {
        return Optional.ofNullable(run.guard().metrics().get(metric.name()));
    }

    private Clearing clearing() {
        return run.at().flatMap(AtStep::clearing).orElse(Clearing.NEW);
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

    private List<MetricResult> results(MetricsMeasured measured) {
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
}
