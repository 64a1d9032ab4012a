package dev.aviary.decisions.analysis;

import dev.aviary.events.Count;
import dev.aviary.events.Count.Counted;
import dev.aviary.events.GuardResult.Tally;
import dev.aviary.events.GuardSpec.Mode;
import dev.aviary.events.MetricResult;
import dev.aviary.events.MetricSpec;
import dev.aviary.events.PodSuspected;
import dev.aviary.events.Verdict;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.SortedSet;
import java.util.regex.Pattern;

/// A pod that was said to be suspect. A rollout has one: the second time, the version is to blame.
///
/// @param said     as on the log
/// @param at       UTC, when it was said
/// @param known    pods that had requests before then
/// @param answered the router replaces the pod
record Suspicion(PodSuspected said, Instant at, SortedSet<String> known, boolean answered) {
    /// So long may the pod go on failing before the release goes back all the same.
    static final Duration PATIENCE = Duration.ofSeconds(10);

    /// After a pod's end its requests stay in the metrics' windows: scrapes come late, and it ends what it has begun.
    private static final Duration AFTERWARDS = Duration.ofSeconds(30);

    private static final Pattern PART = Pattern.compile("(\\d{1,9})(ms|s|m|h)");

    Suspicion nowAnswered() {
        return new Suspicion(said, at, known, true);
    }

    boolean isLeftAlone(Instant now) {
        return !answered && !now.isBefore(at.plus(PATIENCE));
    }

    /// Without the pod's own requests: they say nothing about the version any more.
    Count without(Count count) {
        return count instanceof Counted(var source, double allowed, var what, var note, var pods)
                ? new Counted(
                        source,
                        allowed,
                        what,
                        note,
                        pods.stream()
                                .filter(pod -> !pod.pod().equals(said.pod()))
                                .toList())
                : count;
    }

    /// Pods that came after it had enough requests to have failed as it did.
    boolean isOver(GuardState guard) {
        return Optional.ofNullable(guard.metrics().get(said.metric()))
                .map(this::newcomers)
                .filter(judged -> Suspect.spread(said.judged(), judged) <= Suspect.DOUBT)
                .isPresent();
    }

    private Tally newcomers(MetricGuard seen) {
        var sum = Tally.NONE;
        for (var pod : seen.pods().entrySet()) {
            if (!known.contains(pod.getKey())) {
                var judged = pod.getValue().judged();
                sum = sum.plus(judged.failures(), judged.total());
            }
        }
        return sum;
    }

    /// A value that fails may do so for the pod's requests, for as long as its window. Where the requests are counted,
    /// the counts without the pod stand in for it.
    MetricResult softened(MetricResult result, MetricSpec metric, GuardState guard, Mode mode, Instant now) {
        boolean holdsIt =
                now.isBefore(at.plus(PATIENCE).plus(length(metric.window())).plus(AFTERWARDS));
        var counted = Optional.ofNullable(guard.metrics().get(metric.name()))
                .filter(seen -> seen.last() instanceof Counted)
                .filter(_ -> result.verdict() == Verdict.FAILED && holdsIt);
        return counted.map(seen -> new MetricResult(
                        result.metric(),
                        result.measured(),
                        result.bounds(),
                        isOver(guard) && Suspect.isHarmless(seen.canary(), seen, mode)
                                ? Verdict.PASSED
                                : Verdict.INCONCLUSIVE,
                        "%s; requests to pod %s are still among them".formatted(result.sentence(), said.pod())))
                .orElse(result);
    }

    String waiting() {
        return "pod %s%s was suspect, and no other in its place has had enough requests to be judged yet"
                .formatted(said.pod(), where());
    }

    String again(String sentence) {
        return "%s; pod %s%s was replaced for the same before".formatted(sentence, said.pod(), where());
    }

    String leftAlone() {
        return "%s; it wasn't replaced within %s s".formatted(said.reason(), PATIENCE.toSeconds());
    }

    private String where() {
        return said.node().isEmpty() ? "" : " on node " + said.node();
    }

    /// As Prometheus writes it; what is written otherwise is taken for nothing.
    private static Duration length(String window) {
        var length = Duration.ZERO;
        var part = PART.matcher(window);
        while (part.find()) {
            long count = Long.parseLong(part.group(1));
            length = length.plus(
                    switch (part.group(2)) {
                        case "ms" -> Duration.ofMillis(count);
                        case "s" -> Duration.ofSeconds(count);
                        case "m" -> Duration.ofMinutes(count);
                        default -> Duration.ofHours(count);
                    });
        }
        return length;
    }
}
