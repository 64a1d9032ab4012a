package dev.aviary.analyzer.count;

import dev.aviary.analyzer.live.LiveObjects;
import dev.aviary.analyzer.live.LivePods;
import dev.aviary.analyzer.metric.RawSamples;
import dev.aviary.analyzer.promql.CountableReader;
import dev.aviary.events.CanaryKey;
import dev.aviary.events.CanarySpec;
import dev.aviary.events.Count;
import dev.aviary.events.MetricSpec;
import dev.aviary.events.WorkloadRef;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.stream.Stream;
import org.jboss.logging.Logger;

/// Counts at the pods, and by Prometheus' raw counters where that fails. A metric that changed over stays there: its
/// requests are never counted by both.
public final class FallbackCounting implements Counting {
    private static final Logger LOG = Logger.getLogger(FallbackCounting.class);

    /// Looks one after the other that can't be read at the pods, and for how long: they may come quicker than once a
    /// second.
    static final int PATIENCE = 5;

    static final Duration AT_LEAST = Duration.ofSeconds(4);

    /// Asks where the metric's check asks.
    @FunctionalInterface
    public interface Raw {
        /// @param range selector and range
        RawSamples ask(CanaryKey canary, CanarySpec spec, MetricSpec metric, String range);
    }

    private final Counting atPods;
    private final Raw raw;
    private final PodCounting.Queries queries;
    private final LivePods live;
    private final InstantSource clock;
    private final ExecutorService threads;

    /// @param threads one virtual thread per task
    public FallbackCounting(
            Counting atPods,
            Raw raw,
            PodCounting.Queries queries,
            LivePods live,
            InstantSource clock,
            ExecutorService threads) {
        this.atPods = atPods;
        this.raw = raw;
        this.queries = queries;
        this.live = live;
        this.clock = clock;
        this.threads = threads;
    }

    @Override
    public Session begin(CanaryKey canary, CanarySpec spec, Instant now) {
        return new Both(canary, spec, atPods.begin(canary, spec, now), now);
    }

    /// Where the pods don't tell it, the planned weight stands.
    @Override
    public Session ahead(CanaryKey canary, CanarySpec spec, Instant now) {
        return atPods.ahead(canary, spec, now);
    }

    /// Looks in a row that couldn't be read at the pods.
    private record Unread(int looks, Instant since) {
        Unread again() {
            return new Unread(looks + 1, since);
        }

        boolean isEnough(Instant now) {
            return looks >= PATIENCE && !now.isBefore(since.plus(AT_LEAST));
        }
    }

    private final class Both implements Session {
        private final CanaryKey canary;
        private final CanarySpec spec;
        private final Session pods;
        private final Instant begun;
        /// Metrics of which requests were counted at the pods before.
        private final Set<String> toldByPods = new HashSet<>();
        private final Map<String, RawCounting> changed = new HashMap<>();
        private final Map<String, Unread> unread = new HashMap<>();
        private final Map<String, Optional<Tallying>> stored = new HashMap<>();
        private final Map<String, CrossCheck> checks = new HashMap<>();

        Both(CanaryKey canary, CanarySpec spec, Session pods, Instant begun) {
            this.canary = canary;
            this.spec = spec;
            this.pods = pods;
            this.begun = begun;
        }

        @Override
        public Duration pace(Duration asked) {
            return pods.pace(asked);
        }

        @Override
        public SortedMap<String, Count> look() {
            var counts = new TreeMap<>(pods.look());
            var now = clock.instant();
            for (var metric : spec.metrics()) {
                Optional.ofNullable(counts.get(metric.name()))
                        .flatMap(count -> instead(metric, count, now))
                        .ifPresent(prometheus -> counts.put(metric.name(), prometheus.look(now)));
            }
            return counts;
        }

        private Optional<RawCounting> instead(MetricSpec metric, Count count, Instant now) {
            var known = Optional.ofNullable(changed.get(metric.name()));
            if (known.isPresent()) {
                return known;
            }
            return why(metric, count, now).flatMap(why -> {
                var begun = raw(metric, why, now);
                begun.ifPresent(counting -> {
                    LOG.infof("%s counted at Prometheus metric=%s reason=\"%s\"", canary, metric.name(), why);
                    changed.put(metric.name(), counting);
                });
                return begun;
            });
        }

        /// Why it has to be asked elsewhere.
        private Optional<String> why(MetricSpec metric, Count count, Instant now) {
            return switch (count) {
                case Count.Counted counted -> {
                    toldByPods.add(metric.name());
                    unread.remove(metric.name());
                    yield check(metric, now).flatMap(check -> check.look(counted, now));
                }
                case Count.Unread(var why) ->
                    unread.merge(metric.name(), new Unread(1, now), (known, _) -> known.again())
                                    .isEnough(now)
                            ? Optional.of(why)
                            : Optional.empty();
                case Count.ThresholdOnly(var why) -> Optional.of(why);
            };
        }

        private Optional<CrossCheck> check(MetricSpec metric, Instant now) {
            var known = Optional.ofNullable(checks.get(metric.name()));
            if (known.isPresent()) {
                return known;
            }
            try {
                var begun = stored(metric)
                        .map(tallying ->
                                new CrossCheck(tallying, range -> raw.ask(canary, spec, metric, range), threads, now));
                begun.ifPresent(check -> checks.put(metric.name(), check));
                return begun;
            } catch (LiveObjects.UnavailableException away) {
                return Optional.empty();
            }
        }

        private Optional<Tallying> stored(MetricSpec metric) {
            var known = stored.get(metric.name());
            if (known != null) {
                return known;
            }
            var read = queries.promql(canary, spec, metric)
                    .map(promql -> CountableReader.read(promql, metric.bounds()))
                    .map(countable -> Tallying.stored(
                            countable, canary.namespace(), spec.target().name()));
            stored.put(metric.name(), read);
            return read;
        }

        /// What the pods told already is left out, up to the first sample that was scraped afterwards.
        private Optional<RawCounting> raw(MetricSpec metric, String why, Instant now) {
            boolean told = toldByPods.contains(metric.name());
            var from = told ? now : begun;
            try {
                return stored(metric)
                        .flatMap(tallying -> RawCounting.of(
                                tallying,
                                why,
                                from,
                                told,
                                range -> raw.ask(canary, spec, metric, range),
                                threads,
                                pod -> isNewborn(pod, from)));
            } catch (LiveObjects.UnavailableException away) {
                return Optional.empty(); // the next look tries again
            }
        }

        private boolean isNewborn(String pod, Instant begun) {
            var target = spec.target();
            try {
                return Stream.of(target, new WorkloadRef(target.kind(), target.name() + "-primary"))
                        .flatMap(workload -> live.pods(canary.namespace(), workload).stream())
                        .anyMatch(one -> one.name().equals(pod) && one.started().isAfter(begun));
            } catch (LiveObjects.UnavailableException away) {
                return false;
            }
        }
    }
}
