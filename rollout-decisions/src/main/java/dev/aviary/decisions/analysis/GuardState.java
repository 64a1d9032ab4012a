package dev.aviary.decisions.analysis;

import dev.aviary.events.Count.Counted;
import dev.aviary.events.Count.PodCount;
import dev.aviary.events.Count.Side;
import dev.aviary.events.CountedLook;
import dev.aviary.events.CountedPod;
import dev.aviary.events.GuardResult;
import dev.aviary.events.PodSuspected;
import dev.aviary.events.RequestsCounted;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/// What the guard knows of a rollout, over all its steps.
///
/// @param look    that comes next, counted from 0 within the rollout
/// @param tripped it said so already
/// @param metrics by the metric's name
/// @param counted looks that are in no `EvidenceRecorded` yet
/// @param spent   bad answers of the canary, those of its pods' first requests too, by the metric's name
/// @param suspicion of a pod, once there was one
/// @param pods    that `counted` names by their place
public record GuardState(
        int look,
        boolean tripped,
        SortedMap<String, MetricGuard> metrics,
        List<CountedLook> counted,
        SortedMap<String, Long> spent,
        Optional<Suspicion> suspicion,
        List<CountedPod> pods) {
    static final GuardState NEW =
            new GuardState(0, false, new TreeMap<>(), List.of(), new TreeMap<>(), Optional.empty(), List.of());

    GuardState nowTripped() {
        return new GuardState(look, true, metrics, counted, spent, suspicion, pods);
    }

    GuardState recorded() {
        return new GuardState(look, tripped, metrics, List.of(), spent, suspicion, List.of());
    }

    /// The evidence begins anew, without the pod.
    GuardState suspecting(PodSuspected said, Instant now) {
        var anew = new TreeMap<String, MetricGuard>();
        var known = new TreeSet<String>();
        metrics.forEach((name, seen) -> {
            anew.put(name, seen.anew());
            known.addAll(seen.burnt().keySet());
        });
        return new GuardState(
                look, tripped, anew, counted, spent, Optional.of(new Suspicion(said, now, known, false)), pods);
    }

    GuardState suspicionAnswered() {
        return new GuardState(look, tripped, metrics, counted, spent, suspicion.map(Suspicion::nowAnswered), pods);
    }

    /// The metric whose evidence is the strongest among those that crossed their bound.
    Optional<GuardResult> crossed(GuardJudge judge, Instant now) {
        return metrics.entrySet().stream()
                .filter(metric -> judge.crossed(metric.getValue()))
                .map(metric -> judge.result(metric.getKey(), metric.getValue(), now))
                .max(java.util.Comparator.comparingDouble(judge::evidence));
    }

    List<GuardResult> results(GuardJudge judge, Instant now) {
        return metrics.entrySet().stream()
                .map(metric -> judge.result(metric.getKey(), metric.getValue(), now))
                .toList();
    }

    GuardState behind(int look, SortedMap<String, MetricGuard> next, Recorded more) {
        return new GuardState(look + 1, tripped, next, more.looks(), spent, suspicion, more.pods());
    }

    GuardState spending(RequestsCounted counts) {
        var next = new TreeMap<>(spent);
        counts.metrics().forEach((name, count) -> {
            if (count instanceof Counted seen) {
                long bad = seen.pods().stream()
                        .filter(pod -> pod.side() == Side.CANARY)
                        .mapToLong(PodCount::failures)
                        .sum();
                next.merge(name, bad, Long::sum);
            }
        });
        return new GuardState(look, tripped, metrics, counted, next, suspicion, pods);
    }

    /// The metric that saw the most bad answers. One answer may be bad by several, so they aren't added.
    Optional<Map.Entry<String, Long>> mostSpent() {
        return spent.entrySet().stream().max(Map.Entry.comparingByValue());
    }

    /// How many of a pod's new requests are still its first ones.
    long burning(String metric, PodCount pod, int burnIn) {
        var known = metrics.get(metric);
        return known == null ? MetricGuard.burning(burnIn, 0, pod) : known.burning(burnIn, pod);
    }

    /// When the first look at any metric came.
    Optional<Instant> from() {
        return metrics.values().stream().map(MetricGuard::from).min(Instant::compareTo);
    }
}
