package dev.aviary.analyzer.count;

import static java.util.stream.Collectors.joining;
import static java.util.stream.Collectors.toSet;

import dev.aviary.analyzer.metric.RawSamples;
import dev.aviary.analyzer.promql.Selector;
import dev.aviary.events.Count;
import dev.aviary.events.Count.Counted;
import dev.aviary.events.Count.PodCount;
import dev.aviary.events.Count.Side;
import dev.aviary.events.Count.Source;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.concurrent.ExecutorService;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Stream;

/// Counts one metric's requests by the raw samples that Prometheus has of its counters, as often as it scrapes.
/// Never by `rate()` or `increase()`: these extrapolate, and lose what a new series counted before its first scrape.
final class RawCounting {
    private static final Duration SLACK = Duration.ofMinutes(1);
    private static final Duration LONGEST = Duration.ofMinutes(5);
    private static final Duration UNKNOWN_GAP = Duration.ofSeconds(5);
    private static final Duration RETRY = Duration.ofSeconds(1);

    private final Tallying metric;
    private final Selector all;
    private final String because;
    private final Instant begun;
    private final boolean toldBefore;
    private final Function<String, RawSamples> question;
    private final Background<Both> prometheus;
    private final Predicate<String> isNewborn;
    private final Map<Side, Map<Series, RawSamples.Point>> last = new HashMap<>();
    private final Map<String, Told> told = new HashMap<>();
    private OptionalDouble edge = OptionalDouble.empty();
    private final Map<String, Boolean> newborn = new HashMap<>();
    private Optional<Duration> gap = Optional.empty();
    private Optional<Count> problem;
    private Instant reached;
    private Instant due;

    private RawCounting(
            Tallying metric,
            Selector all,
            String because,
            Instant begun,
            boolean toldBefore,
            Function<String, RawSamples> question,
            ExecutorService threads,
            Predicate<String> isNewborn) {
        this.metric = metric;
        this.all = all;
        this.because = because;
        this.begun = begun;
        this.toldBefore = toldBefore;
        this.reached = begun;
        this.due = begun;
        this.question = question;
        this.prometheus = new Background<>(threads);
        this.problem = Optional.of(new Count.Unread("%s; Prometheus is being asked".formatted(because)));
        this.isNewborn = isNewborn;
    }

    /// @param because    why it isn't counted at the pods
    /// @param begun      what was scraped later counts
    /// @param toldBefore whether requests from before then were counted elsewhere: none of them counts here
    /// @param question   answers a selector with its range; may block
    /// @param isNewborn  a pod, by its name, that started later: all that its counters say counts
    /// @return empty if the query doesn't tell the canary's series from the primary's
    static Optional<RawCounting> of(
            Tallying metric,
            String because,
            Instant begun,
            boolean toldBefore,
            Function<String, RawSamples> question,
            ExecutorService threads,
            Predicate<String> isNewborn) {
        return metric.all()
                .filter(all -> !metric.on(Side.PRIMARY, all).equals(all))
                .map(all -> new RawCounting(metric, all, because, begun, toldBefore, question, threads, isNewborn));
    }

    /// What came to be known since the look before. It never waits for an answer.
    Count look(Instant now) {
        if (!prometheus.isAsking() && !now.isBefore(due)) {
            var reach = Duration.between(reached, now).plus(SLACK);
            var range = "[%ds]".formatted((reach.compareTo(LONGEST) < 0 ? reach : LONGEST).toSeconds());
            prometheus.ask(() -> new Both(
                    now,
                    question.apply(text(metric.on(Side.CANARY, all)) + range),
                    question.apply(text(metric.on(Side.PRIMARY, all)) + range)));
        }
        var counts = prometheus.answer().map(this::counts).orElse(List.of());
        if (!prometheus.isAsking() && !now.isBefore(due)) {
            due = now.plus(problem.isPresent() ? RETRY : gap.orElse(UNKNOWN_GAP));
        }
        return problem.orElseGet(() -> counted(counts));
    }

    private record Both(Instant asked, RawSamples canary, RawSamples primary) {}

    private List<PodCount> counts(Both answer) {
        problem = problem(answer.canary());
        if (problem.isPresent()) {
            return List.of();
        }
        reached = answer.asked();
        return Stream.of(counts(Side.CANARY, answer.canary()), counts(Side.PRIMARY, answer.primary()))
                .flatMap(List::stream)
                .toList();
    }

    private Optional<Count> problem(RawSamples canary) {
        return switch (canary) {
            case RawSamples.None(var why) ->
                Optional.of(new Count.Unread("%s; and at Prometheus: %s".formatted(because, why)));
            case RawSamples.Stored(var series) ->
                series.isEmpty()
                        ? Optional.of(new Count.Unread("%s; and Prometheus has no such series".formatted(because)))
                        : unfit(series).map(Count.ThresholdOnly::new);
        };
    }

    private Optional<String> unfit(List<RawSamples.Series> stored) {
        return metric.unfit(stored.stream()
                .map(series -> new Series(series.name(), series.labels()))
                .collect(toSet()));
    }

    private List<PodCount> counts(Side side, RawSamples answer) {
        if (!(answer instanceof RawSamples.Stored(var stored))) {
            return List.of();
        }
        var before = last.computeIfAbsent(side, _ -> new HashMap<>());
        var byPod = new HashMap<String, Map<Series, Long>>();
        for (var series : stored) {
            if (metric.isOfPrimary(pod(series)) != (side == Side.PRIMARY)
                    && !pod(series).isEmpty()) {
                continue;
            }
            var id = new Series(series.name(), series.labels());
            byPod.computeIfAbsent(pod(series), _ -> new HashMap<>()).put(id, grown(id, series, before));
        }
        var counts = new ArrayList<PodCount>();
        byPod.forEach((pod, grown) -> {
            var parts = told.computeIfAbsent(side + pod, _ -> new Told()).look(metric.parts(grown, side));
            edge = parts.edge().isPresent() ? parts.edge() : edge;
            if (parts.total() > 0) {
                counts.add(new PodCount(pod, "", side, parts.total() - parts.good(), parts.total()));
            }
        });
        counts.sort(Comparator.comparing(PodCount::pod));
        return counts;
    }

    /// Each sample once, by its time; a number that falls began again at zero.
    private long grown(Series id, RawSamples.Series series, Map<Series, RawSamples.Point> last) {
        long grown = 0;
        for (var point : series.points()) {
            var before = last.get(id);
            if (before != null && point.millis() <= before.millis()) {
                continue;
            }
            if (before != null) {
                var between = Duration.ofMillis(point.millis() - before.millis());
                gap = gap.filter(known -> known.compareTo(between) <= 0).or(() -> Optional.of(between));
            }
            if (point.millis() > begun.toEpochMilli()) {
                long value = (long) point.value();
                if (before == null) {
                    grown += newborn.computeIfAbsent(pod(series), isNewborn::test) ? value : 0;
                } else if (!toldBefore || before.millis() >= begun.toEpochMilli()) {
                    long known = (long) before.value();
                    grown += value < known ? value : value - known;
                }
            }
            last.put(id, point);
        }
        return grown;
    }

    static String pod(RawSamples.Series series) {
        return Tallying.POD.stream()
                .sorted()
                .flatMap(label -> Stream.ofNullable(series.labels().get(label)))
                .findFirst()
                .orElse("");
    }

    private Count counted(List<PodCount> pods) {
        var note = "read from Prometheus, for " + because;
        return new Counted(
                Source.PROMETHEUS,
                metric.allowed(),
                metric.what(edge),
                Optional.of(metric.note(edge).map(words -> words + "; " + note).orElse(note)),
                pods);
    }

    static String text(Selector selector) {
        return selector.matchers().stream()
                .map(matcher -> "%s%s\"%s\""
                        .formatted(
                                matcher.label(),
                                switch (matcher.operator()) {
                                    case EQUAL -> "=";
                                    case NOT_EQUAL -> "!=";
                                    case MATCH -> "=~";
                                    case NO_MATCH -> "!~";
                                },
                                matcher.value()
                                        .replace("\\", "\\\\")
                                        .replace("\"", "\\\"")
                                        .replace("\n", "\\n")))
                .collect(joining(",", selector.metric() + "{", "}"));
    }
}
