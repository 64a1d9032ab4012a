package dev.aviary.decisions.analysis;

import dev.aviary.events.Count.Counted;
import dev.aviary.events.Count.PodCount;
import dev.aviary.events.Count.Side;
import dev.aviary.events.GuardResult.Tally;
import dev.aviary.events.RequestsCounted;
import dev.aviary.events.Verdict;
import java.util.SortedMap;
import java.util.TreeMap;

/// What a step has to show before it goes on, where the Canary wants a failure ratio ruled out.
///
/// @param judged requests since the step's traffic was confirmed, by metric
/// @param early  the check may come before its time: none was conclusive yet
public record Clearing(SortedMap<String, Tally> judged, boolean early) {
    static final Clearing NEW = new Clearing(new TreeMap<>(), true);

    /// After one more look.
    ///
    /// @param before what the guard knew before it
    Clearing seen(GuardState before, RequestsCounted counted, int burnIn) {
        var next = new TreeMap<>(judged);
        counted.metrics().forEach((name, count) -> {
            var judging = before.suspicion().map(of -> of.without(count)).orElse(count);
            if (judging instanceof Counted requests) {
                for (var pod : requests.pods()) {
                    next.merge(
                            name,
                            judged(pod, before.burning(name, pod, burnIn)),
                            (a, b) -> a.plus(b.failures(), b.total()));
                }
            }
        });
        return new Clearing(next, early);
    }

    /// Which of them failed isn't known: the good ones are taken off first, on the side of not going on.
    private static Tally judged(PodCount pod, long burning) {
        long total = pod.total() - burning;
        return pod.side() == Side.CANARY ? new Tally(Math.min(pod.failures(), total), total) : Tally.NONE;
    }

    /// Without what was shown so far.
    Clearing anew() {
        return new Clearing(new TreeMap<>(), early);
    }

    Clearing after(Verdict check) {
        return switch (check) {
            case PASSED, FAILED -> atItsTime();
            case INCONCLUSIVE -> this;
        };
    }

    Clearing atItsTime() {
        return new Clearing(judged, false);
    }

    Tally of(String metric) {
        return judged.getOrDefault(metric, Tally.NONE);
    }
}
