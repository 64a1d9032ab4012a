package dev.aviary.decisions.analysis;

import dev.aviary.decisions.guard.BoundJudge;
import dev.aviary.decisions.guard.PrimaryJudge;
import dev.aviary.events.Count;
import dev.aviary.events.Count.Counted;
import dev.aviary.events.Count.PodCount;
import dev.aviary.events.Count.Side;
import dev.aviary.events.GuardResult.Tally;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/// What the guard knows of one metric.
///
/// @param bound        once there were counts
/// @param primary      once there were counts
/// @param last         look: what it was, without its pods
/// @param canary       requests judged
/// @param primaryTally requests judged
/// @param burnt        requests of each pod, and of each life of it, that were counted, not judged
/// @param from         of the first look
/// @param to           of the last look
/// @param failing      when the first request failed, judged or not
/// @param pace         of the canary's requests, judged or not; empty before the first that were counted
/// @param pods         of the canary that had requests judged
/// @param lowest       that the evidence was; empty: it began with 0
record MetricGuard(
        Optional<BoundJudge> bound,
        Optional<PrimaryJudge> primary,
        Count last,
        Tally canary,
        Tally primaryTally,
        SortedMap<String, Long> burnt,
        long burnIn,
        Instant from,
        Instant to,
        Optional<Instant> failing,
        Optional<Pace> pace,
        SortedMap<String, PodTally> pods,
        Optional<Double> lowest) {
    /// Odds ratio to the primary that is still no worse.
    static final double TOLERANCE = 1.5;

    /// Of a container that has first requests anew.
    private static final int MOST_RESTARTS = 2;

    /// By then what the first failure meant shows in the evidence.
    private static final Duration FRESH = Duration.ofSeconds(10);

    static MetricGuard first(Instant now) {
        return new MetricGuard(
                Optional.empty(),
                Optional.empty(),
                new Count.Unread("no look yet"),
                Tally.NONE,
                Tally.NONE,
                new TreeMap<>(),
                0,
                now,
                now,
                Optional.empty(),
                Optional.empty(),
                new TreeMap<>(),
                Optional.empty());
    }

    /// Without what was proven so far.
    MetricGuard anew() {
        return new MetricGuard(
                Optional.empty(),
                Optional.empty(),
                last,
                Tally.NONE,
                Tally.NONE,
                burnt,
                burnIn,
                from,
                to,
                Optional.empty(),
                Optional.empty(),
                new TreeMap<>(),
                Optional.empty());
    }

    MetricGuard seen(Count count, int burnIn, Instant now) {
        return count instanceof Counted counted ? counted(counted, burnIn, now) : without(count, now);
    }

    private MetricGuard without(Count count, Instant now) {
        return new MetricGuard(
                bound, primary, count, canary, primaryTally, burnt, burnIn, from, now, failing, pace, pods, lowest);
    }

    /// While the evidence falls, nothing fails: whatever begins, begins later.
    MetricGuard weighed(double evidence) {
        return evidence > lowest.orElse(0.0)
                ? this
                : new MetricGuard(
                        bound,
                        primary,
                        last,
                        canary,
                        primaryTally,
                        burnt,
                        burnIn,
                        from,
                        to,
                        failing,
                        pace,
                        PodTally.atTheirLowest(pods),
                        Optional.of(evidence));
    }

    private MetricGuard counted(Counted counted, int burnIn, Instant now) {
        var nextBurnt = new TreeMap<>(burnt);
        var nextPods = pods;
        long canaryBurnt = 0;
        long failed = 0;
        var mine = Tally.NONE;
        var theirs = Tally.NONE;
        for (PodCount pod : counted.pods()) {
            var life = life(pod);
            long done = nextBurnt.getOrDefault(life, 0L);
            long burning = burning(burnIn, done, pod);
            nextBurnt.put(life, done + burning);
            // Which of them failed isn't known: the failures are taken off first, on the side of no false alarm.
            var judged = new Tally(Math.max(pod.failures() - burning, 0), pod.total() - burning);
            if (pod.side() == Side.CANARY) {
                canaryBurnt += burning;
                failed += pod.failures();
                mine = mine.plus(judged.failures(), judged.total());
                nextPods = judged.total() > 0
                        ? PodTally.plus(nextPods, pod.pod(), pod.node(), judged.failures(), judged.total())
                        : nextPods;
            } else {
                theirs = theirs.plus(judged.failures(), judged.total());
            }
        }
        var window = mine;
        var control = theirs;
        boolean fails = failed > 0;
        long requests = canary.total() + window.total() + this.burnIn + canaryBurnt;
        return new MetricGuard(
                Optional.of(bound.filter(judge -> judge.allowed() == counted.allowed())
                        .orElseGet(() -> BoundJudge.of(counted.allowed()))
                        .seen(window.failures(), window.total())),
                Optional.of(primary.orElseGet(() -> PrimaryJudge.of(TOLERANCE))
                        .seen(window.failures(), window.total(), control.failures(), control.total())),
                new Counted(counted.source(), counted.allowed(), counted.what(), counted.note(), List.of()),
                canary.plus(window.failures(), window.total()),
                primaryTally.plus(control.failures(), control.total()),
                nextBurnt,
                this.burnIn + canaryBurnt,
                from,
                now,
                failing.or(() -> fails ? Optional.of(now) : Optional.empty()),
                Optional.of(pace.orElseGet(() -> Pace.from(now, requests)).seen(now, requests)),
                nextPods,
                lowest);
    }

    /// A container that restarts has first requests anew, but not again and again: one that crashes on what it is asked
    /// would never be judged.
    private static String life(PodCount pod) {
        return pod.life()
                .map(life -> pod.pod() + "/" + Math.min(life, MOST_RESTARTS))
                .orElse(pod.pod());
    }

    long burning(int burnIn, PodCount pod) {
        return burning(burnIn, burnt.getOrDefault(life(pod), 0L), pod);
    }

    /// @param done of its first requests, before
    static long burning(int burnIn, long done, PodCount pod) {
        return Math.min(Math.max(burnIn - done, 0), pod.total());
    }

    double boundEvidence() {
        return bound.map(BoundJudge::logEvidence).orElse(0.0);
    }

    double primaryEvidence() {
        return primary.map(PrimaryJudge::logEvidence).orElse(0.0);
    }

    /// The first failure, of a pod's first requests too, is not long past.
    boolean isFresh() {
        return failing.isPresent() && sinceFailing().compareTo(FRESH) < 0;
    }

    /// Of the requests judged; 0 before the first.
    double failureRatio() {
        return canary.total() == 0 ? 0 : (double) canary.failures() / canary.total();
    }

    boolean isValueOnly() {
        return last instanceof Count.ThresholdOnly;
    }

    /// How many looks had requests to judge.
    long windows() {
        return bound.map(BoundJudge::looks).orElse(0L);
    }

    Pace.Lately lately(Instant now) {
        return pace.map(known -> known.at(now, to, canary.total() + burnIn))
                .orElseGet(() -> new Pace.Lately(0, Duration.ZERO));
    }

    Duration sinceFailing() {
        return failing.map(first -> Duration.between(first, to)).orElse(Duration.ZERO);
    }
}
