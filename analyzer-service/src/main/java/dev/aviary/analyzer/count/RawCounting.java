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
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Stream;

/// Counts one metric's requests by the raw samples that Prometheus has of its counters, as often as it scrapes.
/// Never by `rate()` or `increase()`: these extrapolate, and lose what a new series counted before its first scrape.
final class RawCounting {
    private static final Duration SLACK = Duration.ofMinutes(1);
    private static final Duration LONGEST = Duration.ofMinutes(5);
    private static final Duration SLOWEST = Duration.ofMinutes(1);

    private final Tallying metric;
    private final Selector all;
    private final String because;
    private final Instant begun;
    private final boolean toldBefore;
    private final Function<String, RawSamples> prometheus;
    private final Predicate<String> isNewborn;
    private final Map<Side, Map<Series, RawSamples.Point>> last = new HashMap<>();
    private final Map<String, Told> told = new HashMap<>();
    private OptionalDouble edge = OptionalDouble.empty();
    private Duration gap = SLOWEST;
    private Instant asked;
    private Instant due;

    private RawCounting(
            Tallying metric,
            Selector all,
            String because,
            Instant begun,
            boolean toldBefore,
            Function<String, RawSamples> prometheus,
            Predicate<String> isNewborn) {
        this.metric = metric;
        this.all = all;
        this.because = because;
        this.begun = begun;
        this.toldBefore = toldBefore;
        this.asked = begun;
        this.due = begun;
        this.prometheus = prometheus;
        this.isNewborn = isNewborn;
    }

    /// @param because    why it isn't counted at the pods
    /// @param begun      what was scraped later counts
    /// @param toldBefore whether requests from before then were counted elsewhere: none of them counts here
    /// @param prometheus answers a selector with its range
    /// @param isNewborn  a pod, by its name, that started later: all that its counters say counts
    /// @return empty if the query doesn't tell the canary's series from the primary's
    static Optional<RawCounting> of(
            Tallying metric,
            String because,
            Instant begun,
            boolean toldBefore,
            Function<String, RawSamples> prometheus,
            Predicate<String> isNewborn) {
        return metric.all()
                .filter(all -> !metric.on(Side.PRIMARY, all).equals(all))
                .map(all -> new RawCounting(metric, all, because, begun, toldBefore, prometheus, isNewborn));
    }

    Count look(Instant now) {
        if (now.isBefore(due)) {
            return counted(List.of());
        }
        var reach = Duration.between(asked, now).plus(SLACK);
        var range = "[%ds]".formatted((reach.compareTo(LONGEST) < 0 ? reach : LONGEST).toSeconds());
        var counts = new ArrayList<PodCount>();
        for (var side : Side.values()) {
            switch (prometheus.apply(text(metric.on(side, all)) + range)) {
                case RawSamples.None(var why) -> {
                    if (side == Side.CANARY) {
                        due = now.plusSeconds(1);
                        return new Count.Unread("%s; and at Prometheus: %s".formatted(because, why));
                    }
                }
                case RawSamples.Stored(var series) -> {
                    if (side == Side.CANARY && series.isEmpty()) {
                        due = now.plusSeconds(1);
                        return new Count.Unread("%s; and Prometheus has no such series".formatted(because));
                    }
                    var unfit = side == Side.CANARY ? unfit(series) : Optional.<String>empty();
                    if (unfit.isPresent()) {
                        due = now.plus(gap);
                        return new Count.ThresholdOnly(unfit.get());
                    }
                    counts.addAll(counts(side, series));
                }
            }
        }
        asked = now;
        due = now.plus(gap);
        return counted(List.copyOf(counts));
    }

    private Optional<String> unfit(List<RawSamples.Series> stored) {
        return metric.unfit(stored.stream()
                .map(series -> new Series(series.name(), series.labels()))
                .collect(toSet()));
    }

    private List<PodCount> counts(Side side, List<RawSamples.Series> stored) {
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
                gap = between.compareTo(gap) < 0 ? between : gap;
            }
            if (point.millis() > begun.toEpochMilli()) {
                long value = (long) point.value();
                if (before == null) {
                    grown += isNewborn.test(pod(series)) ? value : 0;
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
