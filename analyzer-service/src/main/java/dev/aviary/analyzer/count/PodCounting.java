package dev.aviary.analyzer.count;

import static java.util.stream.Collectors.toMap;
import static java.util.stream.Collectors.toSet;

import dev.aviary.analyzer.live.LiveObjects;
import dev.aviary.analyzer.live.LivePods;
import dev.aviary.analyzer.live.LivePods.LivePod;
import dev.aviary.analyzer.promql.Countable;
import dev.aviary.analyzer.promql.Countable.ThresholdOnly;
import dev.aviary.analyzer.promql.CountableReader;
import dev.aviary.events.CanaryKey;
import dev.aviary.events.CanarySpec;
import dev.aviary.events.Count;
import dev.aviary.events.Count.Counted;
import dev.aviary.events.Count.PodCount;
import dev.aviary.events.Count.Side;
import dev.aviary.events.Count.Source;
import dev.aviary.events.GuardSpec;
import dev.aviary.events.MetricSpec;
import dev.aviary.events.WorkloadRef;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.function.BiFunction;
import java.util.stream.Stream;

/// Counts requests at the pods themselves: each is read once per look, however many metrics ask for it.
public final class PodCounting implements Counting {
    static final int MOST_PODS = 20;
    private static final Duration PODS_KNOWN_FOR = Duration.ofSeconds(3);

    /// Where one of them gave no answer.
    private static final Duration PODS_DOUBTED_FOR = Duration.ofSeconds(1);

    private static final String STARTED = "process_start_time_seconds";

    /// The PromQL that a metric's check asks, if it is one.
    @FunctionalInterface
    public interface Queries {
        /// @throws LiveObjects.UnavailableException if it can't be told now
        Optional<String> promql(CanaryKey canary, CanarySpec spec, MetricSpec metric);
    }

    private final LivePods live;
    private final Scraping scraper;
    private final Queries queries;
    private final InstantSource clock;
    private final ExecutorService threads;

    /// @param threads one virtual thread per task
    public PodCounting(LivePods live, Scraping scraper, Queries queries, InstantSource clock, ExecutorService threads) {
        this.live = live;
        this.scraper = scraper;
        this.queries = queries;
        this.clock = clock;
        this.threads = threads;
    }

    @Override
    public Session begin(CanaryKey canary, CanarySpec spec, Instant now) {
        return new AtPods(canary, spec, now, false);
    }

    @Override
    public Session ahead(CanaryKey canary, CanarySpec spec, Instant now) {
        return new AtPods(canary, spec, now, true);
    }

    private record Watched(LivePod pod, Side side) {}

    private final class AtPods implements Session {
        private final CanaryKey canary;
        private final CanarySpec spec;
        private final Instant begun;
        private final boolean ahead;
        /// Kept to the end: one that isn't listed for a while is not counted anew.
        private final Map<String, PodTally> tallies = new HashMap<>();

        /// By the metric's name, where requests in flight may be told.
        private final Map<String, InFlight> gauges = new HashMap<>();

        /// Metrics whose gauge the canary's pods showed at the last look.
        private Set<String> inFlight = Set.of();

        private Optional<SortedMap<String, Tallying>> metrics = Optional.empty();
        private Optional<Exposition> exposition = Optional.empty();
        private List<Watched> pods = List.of();
        private Instant podsUntil = Instant.MIN;
        private Instant podsFrom = Instant.MIN;

        /// @param ahead the primary's pods alone are read
        AtPods(CanaryKey canary, CanarySpec spec, Instant begun, boolean ahead) {
            this.canary = canary;
            this.spec = spec;
            this.begun = begun;
            this.ahead = ahead;
        }

        @Override
        public SortedMap<String, Count> look() {
            try {
                var wanted = metrics.orElseGet(this::read);
                metrics = Optional.of(wanted);
                if (wanted.values().stream().allMatch(metric -> metric.countable() instanceof ThresholdOnly)) {
                    return each(wanted, (_, metric) -> because((ThresholdOnly) metric.countable()));
                }
                if (!clock.instant().isBefore(podsUntil)) {
                    pods = watched();
                    podsFrom = clock.instant();
                    podsUntil = podsFrom.plus(PODS_KNOWN_FOR);
                }
                return counted(wanted);
            } catch (LiveObjects.UnavailableException away) {
                var why = String.valueOf(away.getMessage());
                var names = spec.metrics().stream().map(MetricSpec::name);
                return new TreeMap<>(names.collect(toMap(name -> name, _ -> new Count.Unread(why), (one, _) -> one)));
            }
        }

        private SortedMap<String, Tallying> read() {
            var read = new TreeMap<String, Tallying>();
            for (var metric : spec.metrics()) {
                Countable countable = queries.promql(canary, spec, metric)
                        .map(promql -> CountableReader.read(promql, metric.bounds()))
                        .orElseGet(() -> new ThresholdOnly("it isn't asked of Prometheus"));
                var tallying =
                        Tallying.of(countable, canary.namespace(), spec.target().name());
                read.put(metric.name(), tallying);
                InFlight.beside(tallying, metric.name(), spec.guard().orElse(GuardSpec.DEFAULT))
                        .ifPresent(gauge -> gauges.put(metric.name(), gauge));
            }
            return read;
        }

        private List<Watched> watched() {
            var target = spec.target();
            var primary = new WorkloadRef(target.kind(), target.name() + "-primary");
            var all = new ArrayList<Watched>();
            live.pods(canary.namespace(), target).stream()
                    .limit(ahead ? 0 : MOST_PODS)
                    .forEach(pod -> all.add(new Watched(pod, Side.CANARY)));
            live.pods(canary.namespace(), primary).stream()
                    .limit(MOST_PODS)
                    .forEach(pod -> all.add(new Watched(pod, Side.PRIMARY)));
            return List.copyOf(all);
        }

        private SortedMap<String, Count> counted(SortedMap<String, Tallying> wanted) {
            var shown = gauges.values().stream().map(InFlight::gauge).collect(toSet());
            var lines = exposition.orElseGet(() -> new Exposition(
                    Stream.of(wanted.values().stream().flatMap(Tallying::names), shown.stream(), Stream.of(STARTED))
                            .flatMap(each -> each)
                            .collect(toSet())));
            exposition = Optional.of(lines);
            var read = new HashMap<Watched, PodTally.Reading>();
            var problems = new TreeMap<String, String>();
            scraped(lines).forEach((watched, answer) -> {
                try {
                    var tally = tallies.computeIfAbsent(
                            watched.pod().name(),
                            _ -> new PodTally(watched.pod().started().isAfter(begun)));
                    read.put(watched, tally.read(answer.get(), wanted, shown, watched.side()));
                } catch (ExecutionException away) {
                    podsUntil = podsFrom.plus(PODS_DOUBTED_FOR); // it may be gone
                    if (watched.side() == Side.CANARY) {
                        problems.put(watched.pod().name(), why(away));
                    }
                } catch (InterruptedException ends) {
                    Thread.currentThread().interrupt();
                }
            });
            var flying = new HashSet<String>();
            gauges.forEach((name, gauge) -> read.forEach((watched, reading) -> {
                reading.parts(name).edge().ifPresent(gauge::edge);
                gauge.at(reading.gauges(), watched.side()).ifPresent(inFlight -> {
                    gauge.shown(inFlight);
                    if (watched.side() == Side.CANARY) {
                        flying.add(name);
                    }
                });
            }));
            var seen = new HashMap<Watched, Map<String, Tallying.Parts>>();
            read.entrySet().stream()
                    .filter(entry -> entry.getKey().side() == Side.PRIMARY)
                    .forEach(entry -> seen.put(entry.getKey(), told(entry.getKey(), entry.getValue())));
            gauges.forEach((name, gauge) -> {
                var primary = seen.values().stream()
                        .map(parts -> parts.get(name))
                        .filter(Objects::nonNull)
                        .toList();
                gauge.primary(
                        primary.stream()
                                .mapToLong(parts -> parts.total() - parts.good())
                                .sum(),
                        primary.stream().mapToLong(Tallying.Parts::total).sum());
            });
            read.entrySet().stream()
                    .filter(entry -> entry.getKey().side() == Side.CANARY)
                    .forEach(entry -> seen.put(entry.getKey(), told(entry.getKey(), entry.getValue())));
            inFlight = Set.copyOf(flying);
            return each(
                    wanted,
                    (name, metric) -> unfit(metric, read)
                            .<Count>map(Count.ThresholdOnly::new)
                            .orElseGet(() -> count(metric, name, seen, problems)));
        }

        private static Optional<String> unfit(Tallying metric, Map<Watched, PodTally.Reading> read) {
            return read.entrySet().stream()
                    .filter(entry -> entry.getKey().side() == Side.CANARY)
                    .sorted(Comparator.comparing(entry -> entry.getKey().pod().name()))
                    .flatMap(entry -> metric.unfit(entry.getValue().series()).stream())
                    .findFirst();
        }

        private Map<String, Tallying.Parts> told(Watched watched, PodTally.Reading reading) {
            return Objects.requireNonNull(tallies.get(watched.pod().name())).told(reading, gauges, watched.side());
        }

        private Map<Watched, Future<Answer>> scraped(Exposition lines) {
            var under = new HashMap<Watched, Future<Answer>>();
            for (var watched : pods) {
                Callable<Answer> task = () -> {
                    long asked = clock.millis();
                    var body = scraper.scrape(watched.pod().metrics());
                    long answered = clock.millis() + 1;
                    var samples = new ArrayList<Sample>();
                    lines.read(body, samples::add);
                    return new Answer(samples, asked, answered);
                };
                under.put(watched, threads.submit(task));
            }
            return under;
        }

        private Count count(
                Tallying metric,
                String name,
                Map<Watched, Map<String, Tallying.Parts>> seen,
                SortedMap<String, String> problems) {
            if (metric.countable() instanceof ThresholdOnly only) {
                return because(only);
            }
            var mine = pods.stream()
                    .filter(watched -> watched.side() == Side.CANARY)
                    .toList();
            if (mine.isEmpty() && !ahead) {
                return new Count.Unread("the canary has no pods that could be read");
            }
            if (ahead && seen.isEmpty()) {
                return new Count.Unread("no pod of the primary could be read");
            }
            if (!ahead && mine.stream().noneMatch(watched -> metric.asksFor(watched.pod()))) {
                return new Count.ThresholdOnly("its query doesn't ask for the canary's pods");
            }
            if (!ahead && mine.stream().noneMatch(seen::containsKey)) {
                return new Count.Unread(problems.entrySet().stream()
                        .findFirst()
                        .map(first -> "no pod of the canary could be read; %s: %s"
                                .formatted(first.getKey(), first.getValue()))
                        .orElse("the analyzer stops"));
            }
            var edge = OptionalDouble.empty();
            var counts = new ArrayList<PodCount>();
            for (var entry : seen.entrySet()) {
                var watched = entry.getKey();
                var parts = entry.getValue().get(name);
                if (parts != null && (watched.side() == Side.PRIMARY || metric.asksFor(watched.pod()))) {
                    edge = parts.edge().isPresent() ? parts.edge() : edge;
                    if (parts.total() > 0) {
                        counts.add(new PodCount(
                                watched.pod().name(),
                                watched.pod().node(),
                                watched.side(),
                                parts.total() - parts.good(),
                                parts.total(),
                                life(watched)));
                    }
                }
            }
            counts.sort(Comparator.comparing(PodCount::pod));
            return new Counted(
                    isInFlight(name) ? Source.PODS_IN_FLIGHT : Source.PODS,
                    metric.allowed(),
                    metric.what(edge),
                    both(metric.note(edge), inFlightNote(name)),
                    List.copyOf(counts));
        }

        private Optional<Integer> life(Watched watched) {
            return Optional.ofNullable(tallies.get(watched.pod().name())).flatMap(PodTally::life);
        }

        private boolean isInFlight(String name) {
            var gauge = gauges.get(name);
            return gauge != null
                    && inFlight.contains(name)
                    && gauge.distrusted().isEmpty();
        }

        private Optional<String> inFlightNote(String name) {
            var gauge = gauges.get(name);
            if (gauge == null) {
                return Optional.empty();
            }
            return gauge.distrusted().or(() -> inFlight.contains(name) ? Optional.empty() : gauge.missing());
        }

        @Override
        public Duration pace(Duration asked) {
            return gauges.entrySet().stream()
                    .filter(entry -> isInFlight(entry.getKey()))
                    .flatMapToLong(entry -> entry.getValue().boundMillis().stream())
                    .mapToObj(bound -> Duration.ofMillis(Math.max(bound, GuardSpec.FASTEST.toMillis())))
                    .filter(bound -> bound.compareTo(asked) < 0)
                    .min(Comparator.naturalOrder())
                    .orElse(asked);
        }
    }

    /// One pod's counters, and what was told of them.
    private static final class PodTally {
        /// One answer, read.
        ///
        /// @param series   of its counters
        /// @param byMetric by the metric's name: what its counters grew by
        /// @param gauges   as shown
        record Reading(
                Answer when,
                boolean newLife,
                Set<Series> series,
                Map<String, Tallying.Parts> byMetric,
                Map<Series, Double> gauges) {
            Tallying.Parts parts(String metric) {
                return byMetric.getOrDefault(metric, Tallying.Parts.NONE);
            }
        }

        private final Growth<Series> growth;
        private final Map<String, Told> counters = new HashMap<>();
        private final Map<String, Flow> flows = new HashMap<>();
        private int restarts;

        PodTally(boolean newborn) {
            this.growth = new Growth<>(newborn);
        }

        Reading read(Answer answer, Map<String, Tallying> metrics, Set<String> gauges, Side side) {
            var now = new HashMap<Series, Double>();
            var shown = new HashMap<Series, Double>();
            var started = OptionalDouble.empty();
            for (var sample : answer.samples()) {
                var name = sample.series().name();
                if (name.equals(STARTED)) {
                    started = OptionalDouble.of(sample.value());
                } else {
                    (gauges.contains(name) ? shown : now).put(sample.series(), sample.value());
                }
            }
            var grown = growth.look(now, started);
            restarts += growth.isNewLife() ? 1 : 0;
            var parts = new HashMap<String, Tallying.Parts>();
            metrics.forEach((name, metric) -> parts.put(name, metric.parts(grown, side)));
            return new Reading(answer, growth.isNewLife(), grown.keySet(), parts, shown);
        }

        Optional<Integer> life() {
            return restarts == 0 ? Optional.empty() : Optional.of(restarts);
        }

        Map<String, Tallying.Parts> told(Reading reading, Map<String, InFlight> gauges, Side side) {
            var parts = new HashMap<String, Tallying.Parts>();
            reading.byMetric().forEach((name, grown) -> {
                var gauge = gauges.get(name);
                parts.put(
                        name,
                        gauge == null
                                ? counters.computeIfAbsent(name, _ -> new Told())
                                        .look(grown)
                                : flows.computeIfAbsent(name, _ -> new Flow())
                                        .look(
                                                reading.when(),
                                                grown,
                                                reading.newLife(),
                                                gauge.at(reading.gauges(), side),
                                                gauge));
            });
            return parts;
        }
    }

    private static Optional<String> both(Optional<String> one, Optional<String> other) {
        return one.isPresent() && other.isPresent() ? Optional.of(one.get() + "; " + other.get()) : one.or(() -> other);
    }

    private static String why(ExecutionException failed) {
        return failed.getCause() instanceof Scraping.NoAnswer why
                ? String.valueOf(why.getMessage())
                : "it can't be read";
    }

    private static Count because(ThresholdOnly only) {
        return new Count.ThresholdOnly(only.reason());
    }

    private static SortedMap<String, Count> each(
            SortedMap<String, Tallying> metrics, BiFunction<String, Tallying, Count> count) {
        var counts = new TreeMap<String, Count>();
        metrics.forEach((name, metric) -> counts.put(name, count.apply(name, metric)));
        return counts;
    }
}
