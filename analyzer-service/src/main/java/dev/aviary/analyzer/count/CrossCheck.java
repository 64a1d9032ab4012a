package dev.aviary.analyzer.count;

import dev.aviary.analyzer.metric.RawSamples;
import dev.aviary.events.Count.Counted;
import dev.aviary.events.Count.PodCount;
import dev.aviary.events.Count.Side;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.function.Function;

/// Holds what one metric's looks counted at the canary's pods against what Prometheus scraped there over the same time,
/// once, at the start of an analysis. The two never read at the same moment; so much as may have come in between is no
/// difference.
final class CrossCheck {
    /// Between the reading of a pod by either, and for requests in flight that count before they end.
    private static final Duration APART = Duration.ofSeconds(3);
    private static final Duration LONG_ENOUGH = Duration.ofSeconds(15);
    private static final Duration GIVEN_UP = Duration.ofMinutes(2);
    private static final Duration PAUSE = Duration.ofSeconds(5);
    private static final long ENOUGH = 20;
    private static final double TOLERANCE = 0.1;

    private final Tallying metric;
    private final Function<String, RawSamples> question;
    private final Background<RawSamples> prometheus;
    private final Instant begun;
    private final Map<String, TreeMap<Long, Long>> counted = new HashMap<>();
    private long lastLook;
    private Instant due;
    private boolean over;

    /// @param question answers a selector with its range; may block
    CrossCheck(Tallying metric, Function<String, RawSamples> question, ExecutorService threads, Instant begun) {
        this.metric = metric;
        this.question = question;
        this.prometheus = new Background<>(threads);
        this.begun = begun;
        this.due = begun.plus(LONG_ENOUGH).plus(APART);
    }

    /// @return how they differ, the first time that it shows; empty: they agree, or it isn't known yet
    Optional<String> look(Counted atPods, Instant now) {
        if (over) {
            return Optional.empty();
        }
        lastLook = now.toEpochMilli();
        for (PodCount pod : atPods.pods()) {
            if (pod.side() == Side.CANARY) {
                var sums = counted.computeIfAbsent(pod.pod(), _ -> new TreeMap<>());
                long before = sums.isEmpty() ? 0 : sums.lastEntry().getValue();
                sums.put(now.toEpochMilli(), before + pod.total());
            }
        }
        if (!prometheus.isAsking() && !now.isBefore(due)) {
            due = now.plus(PAUSE);
            var range = "[%ds]".formatted(Duration.between(begun, now).toSeconds());
            metric.all().ifPresent(all -> prometheus.ask(() -> question.apply(RawCounting.text(all) + range)));
        }
        var difference = prometheus
                .answer()
                .flatMap(answer ->
                        answer instanceof RawSamples.Stored(var series) ? difference(series) : Optional.empty());
        over = over || difference.isPresent() || now.isAfter(begun.plus(GIVEN_UP));
        return difference;
    }

    private Optional<String> difference(List<RawSamples.Series> stored) {
        var byPod = new HashMap<String, List<RawSamples.Series>>();
        for (var series : stored) {
            var pod = RawCounting.pod(series);
            if (!pod.isEmpty() && !metric.isOfPrimary(pod)) {
                byPod.computeIfAbsent(pod, _ -> new ArrayList<>()).add(series);
            }
        }
        long theirs = 0;
        long least = 0;
        long most = 0;
        for (var entry : byPod.entrySet()) {
            var times = new HashSet<Long>();
            entry.getValue().forEach(series -> series.points().forEach(point -> times.add(point.millis())));
            long from = times.stream().min(Long::compare).orElse(0L);
            long to = times.stream().max(Long::compare).orElse(0L);
            if (to - from < LONG_ENOUGH.toMillis() || to + APART.toMillis() > lastLook) {
                continue;
            }
            var grown = new HashMap<Series, Long>();
            entry.getValue()
                    .forEach(series -> grown.put(new Series(series.name(), series.labels()), grown(series, from)));
            theirs += metric.parts(grown, Side.CANARY).total();
            long apart = APART.toMillis();
            least += Math.max(0, until(entry.getKey(), to - apart) - until(entry.getKey(), from + apart));
            most += until(entry.getKey(), to + apart) - until(entry.getKey(), from - apart);
        }
        if (Math.max(theirs, most) < ENOUGH) {
            return Optional.empty();
        }
        over = true;
        return theirs < least * (1 - TOLERANCE) || theirs > most * (1 + TOLERANCE)
                ? Optional.of("the pods' own count isn't Prometheus': %d to %d requests to %d over the same time"
                        .formatted(least, most, theirs))
                : Optional.empty();
    }

    /// Requests counted at a pod by then.
    private long until(String pod, long millis) {
        return Optional.ofNullable(counted.get(pod))
                .flatMap(sums -> Optional.ofNullable(sums.floorEntry(millis)))
                .map(Map.Entry::getValue)
                .orElse(0L);
    }

    /// One that wasn't there at the pod's first scrape began at zero since.
    private static long grown(RawSamples.Series series, long from) {
        long grown = 0;
        long last = 0;
        for (var point : series.points()) {
            long value = (long) point.value();
            if (point.millis() > from) {
                grown += value < last ? value : value - last;
            }
            last = value;
        }
        return grown;
    }
}
