package dev.aviary.analyzer.metric;

import dev.aviary.events.CanarySpec;
import dev.aviary.events.Measurement;
import java.util.List;
import java.util.Optional;

/// `request-success-rate` in percent and `request-duration` (p99) in milliseconds, of the canary's side.
///
/// @see <a href="https://github.com/fluxcd/flagger/tree/main/pkg/metrics/observers">Flagger: observers</a>
final class BuiltInQueries {
    static final String SUCCESS_RATE = "request-success-rate";
    static final String DURATION = "request-duration";
    static final List<String> NAMES = List.of(SUCCESS_RATE, DURATION);
    static final List<String> PROVIDERS = List.of("gatewayapi:v1", "gatewayapi:v1beta1", "istio", "kubernetes");

    private BuiltInQueries() {}

    /// @param window such as `1m`
    /// @return empty if the name isn't one of [#NAMES], or the spec's provider none of [#PROVIDERS]
    static Optional<String> of(String name, CanarySpec spec, String namespace, String window) {
        return family(spec, namespace).flatMap(family -> switch (name) {
            case SUCCESS_RATE ->
                Optional.of("sum(rate(%1$s{%2$s,%3$s}[%4$s])) / sum(rate(%1$s{%2$s}[%4$s])) * 100"
                        .formatted(family.requests, family.selector, family.good, window));
            case DURATION ->
                Optional.of("histogram_quantile(0.99, sum(rate(%s{%s}[%s])) by (le))%s"
                        .formatted(family.buckets, family.selector, window, family.inSeconds ? " * 1000" : ""));
            default -> Optional.empty();
        });
    }

    /// Flagger gives whole milliseconds.
    static Measurement wholeMillis(String name, Measurement measured) {
        return name.equals(DURATION) && measured instanceof Measurement.Value(double value)
                ? new Measurement.Value((long) value)
                : measured;
    }

    private record Family(String requests, String buckets, String selector, String good, boolean inSeconds) {}

    private static Optional<Family> family(CanarySpec spec, String namespace) {
        var target = spec.target();
        return switch (spec.provider()) {
            case "istio" ->
                Optional.of(new Family(
                        "istio_requests_total",
                        "istio_request_duration_milliseconds_bucket",
                        "reporter=\"destination\",destination_workload_namespace=\"%s\",destination_workload=~\"%s\""
                                .formatted(namespace, target.name()),
                        "response_code!~\"5.*\"",
                        false));
            case "gatewayapi:v1", "gatewayapi:v1beta1", "kubernetes" ->
                Optional.of(new Family(
                        "http_request_duration_seconds_count",
                        "http_request_duration_seconds_bucket",
                        "kubernetes_namespace=\"%s\",kubernetes_pod_name=~\"%s-%s\""
                                .formatted(namespace, target.name(), podSuffix(target.kind())),
                        "status!~\"5.*\"",
                        true));
            default -> Optional.empty();
        };
    }

    /// A Deployment's pod has its ReplicaSet's hash before its own; a DaemonSet's hasn't, and one part more would be
    /// the primary's.
    private static String podSuffix(String kind) {
        return kind.equals("DaemonSet") ? "[0-9a-zA-Z]+" : "[0-9a-zA-Z]+(-[0-9a-zA-Z]+)";
    }
}
