package dev.aviary.analyzer.count;

import dev.aviary.analyzer.promql.Matcher;
import dev.aviary.decisions.guard.BoundJudge;
import dev.aviary.events.Count.Side;
import dev.aviary.events.GuardSpec;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/// The gauge of requests in flight that stands beside one metric's histogram, and whether it can be trusted.
///
/// Three things are held against it. What it shows at its quietest, at any pod, is always there, such as the scrape
/// itself, and is taken off. Requests that it showed must turn up in the histogram once they are no longer in flight.
/// And the primary, counted in the same way, must stay within its bound. One that fails isn't used any more.
final class InFlight {
    private static final String ENVOY = "envoy_cluster_upstream_rq_active";

    private static final String SERVER = "http_server_active_requests";

    /// By the histogram beside which they stand: OpenTelemetry's `http.server.active_requests` as Prometheus has it,
    /// and
    /// Envoy's.
    private static final Map<String, String> WELL_KNOWN = Map.of(
            "http_server_request_duration_seconds_bucket", SERVER,
            "http_server_duration_milliseconds_bucket", SERVER,
            "http_server_requests_seconds_bucket", SERVER,
            "envoy_cluster_upstream_rq_time_bucket", ENVOY,
            "istio_request_duration_milliseconds_bucket", ENVOY);

    /// Labels of Envoy's that say which cluster a request goes to; a pod's own requests are those that come in.
    private static final List<String> ENVOY_CLUSTER = List.of("cluster_name", "envoy_cluster_name");

    /// Above this the primary hangs too: one chance in 20 that it doesn't.
    private static final double HANGS = StrictMath.log(20);

    private final Tallying metric;
    private final Tallying.Latency latency;
    private final String gauge;
    private final boolean isNamed;
    private final Map<Side, List<Matcher>> matchers = new EnumMap<>(Side.class);
    private long floor = Long.MAX_VALUE;
    private double edge = Double.NaN;
    private BoundJudge primary;
    private Optional<String> distrusted = Optional.empty();

    private InFlight(Tallying metric, Tallying.Latency latency, String gauge, boolean isNamed) {
        this.metric = metric;
        this.latency = latency;
        this.gauge = gauge;
        this.isNamed = isNamed;
        this.primary = BoundJudge.of(metric.allowed());
    }

    /// @param name of the metric
    /// @return empty if nothing in flight can be told of it
    static Optional<InFlight> beside(Tallying metric, String name, GuardSpec guard) {
        var named = guard.inFlight();
        return metric.latency()
                .flatMap(latency -> Optional.ofNullable(
                                named.isPresent()
                                        ? named.get().get(name)
                                        : WELL_KNOWN.get(latency.buckets().metric()))
                        .map(gauge -> new InFlight(metric, latency, gauge, named.isPresent())));
    }

    String gauge() {
        return gauge;
    }

    /// @return requests in flight at a pod, of those that the query asks for; empty if the gauge doesn't show just
    /// these
    OptionalLong at(Map<Series, Double> shown, Side side) {
        var wanted = matchers.computeIfAbsent(side, this::matchers);
        var series = shown.entrySet().stream()
                .filter(entry -> entry.getKey().name().equals(gauge) && isOwn(entry.getKey()))
                .toList();
        if (series.isEmpty() || !series.stream().allMatch(entry -> hasLabels(entry.getKey(), wanted))) {
            return OptionalLong.empty();
        }
        return OptionalLong.of(series.stream()
                .filter(entry ->
                        wanted.stream().allMatch(matcher -> matcher.matches(label(entry.getKey(), matcher.label()))))
                .mapToLong(entry -> Math.max(0, entry.getValue().longValue()))
                .sum());
    }

    private List<Matcher> matchers(Side side) {
        return metric.on(side, latency.buckets()).matchers().stream()
                .filter(matcher -> !Tallying.ADDED.contains(matcher.label()))
                .filter(matcher -> !isOfThePod(matcher.label()))
                .toList();
    }

    /// Istio's name of the pod's own workload: the same for all that its proxy counts as coming in.
    private boolean isOfThePod(String label) {
        return latency.buckets().metric().startsWith("istio_")
                && (label.equals("reporter") || label.startsWith("destination_"));
    }

    private static boolean isOwn(Series series) {
        return !series.name().equals(ENVOY)
                || ENVOY_CLUSTER.stream().anyMatch(label -> label(series, label).startsWith("inbound|"));
    }

    private static boolean hasLabels(Series series, List<Matcher> wanted) {
        return wanted.stream().allMatch(matcher -> series.labels().containsKey(matcher.label()));
    }

    private static String label(Series series, String label) {
        return series.labels().getOrDefault(label, "");
    }

    /// To be told of every pod's before any is counted.
    void shown(long inFlight) {
        floor = Math.min(floor, inFlight);
    }

    /// @return what counts of it
    long counted(long inFlight) {
        return distrusted.isPresent() ? 0 : Math.max(0, inFlight - floor);
    }

    /// Some pod's histogram has this edge, in its own unit; the others' have it too once they show any.
    void edge(double shown) {
        edge = shown;
    }

    /// @return how long a request may take; empty while no pod has shown its histogram
    OptionalLong boundMillis() {
        return Double.isNaN(edge) ? OptionalLong.empty() : OptionalLong.of(millis(edge));
    }

    /// Of a pod whose own histogram has this edge.
    long millis(double edge) {
        return Math.max(1, (long) Math.ceil(edge * latency.unit() - 1e-6));
    }

    /// A look at the primary's pods, counted as the canary's are.
    void primary(long failures, long total) {
        if (total > 0) {
            primary = primary.seen(failures, total);
            if (primary.logEvidence() >= HANGS) {
                distrust("by them the primary hangs too");
            }
        }
    }

    void distrust(String why) {
        distrusted = distrusted.or(() -> Optional.of("requests in flight are not counted: " + why));
    }

    /// @return what a reader should know if no pod of the canary shows it; nobody asked for the well-known ones
    Optional<String> missing() {
        return isNamed
                ? Optional.of("requests in flight are not counted: no pod shows '%s' with the query's labels"
                        .formatted(gauge))
                : Optional.empty();
    }

    /// @return why it isn't used
    Optional<String> distrusted() {
        return distrusted;
    }
}
