package dev.aviary.analyzer.metric;

import static org.assertj.core.api.Assertions.assertThat;

import dev.aviary.analyzer.Samples;
import dev.aviary.events.CanarySpec;
import dev.aviary.events.Measurement;
import dev.aviary.events.WorkloadRef;
import java.time.Duration;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class BuiltInQueriesTest {
    @Test
    void gatewayApiAndKubernetesReadTheAppsOwnHistogram() {
        for (var provider : List.of("gatewayapi:v1", "gatewayapi:v1beta1", "kubernetes")) {
            assertThat(BuiltInQueries.of("request-success-rate", spec(provider, "Deployment"), "shop", "2m"))
                    .contains(
                            "sum(rate(http_request_duration_seconds_count{kubernetes_namespace=\"shop\",kubernetes_pod_name=~\"checkout-[0-9a-zA-Z]+(-[0-9a-zA-Z]+)\",status!~\"5.*\"}[2m]))"
                                    + " / sum(rate(http_request_duration_seconds_count{kubernetes_namespace=\"shop\",kubernetes_pod_name=~\"checkout-[0-9a-zA-Z]+(-[0-9a-zA-Z]+)\"}[2m])) * 100");
            assertThat(BuiltInQueries.of("request-duration", spec(provider, "Deployment"), "shop", "2m"))
                    .contains(
                            "histogram_quantile(0.99, sum(rate(http_request_duration_seconds_bucket{kubernetes_namespace=\"shop\",kubernetes_pod_name=~\"checkout-[0-9a-zA-Z]+(-[0-9a-zA-Z]+)\"}[2m])) by (le)) * 1000");
        }
    }

    @Test
    void istioReadsWhatTheDestinationReports() {
        assertThat(BuiltInQueries.of("request-success-rate", spec("istio", "Deployment"), "shop", "1m"))
                .contains(
                        "sum(rate(istio_requests_total{reporter=\"destination\",destination_workload_namespace=\"shop\",destination_workload=~\"checkout\",response_code!~\"5.*\"}[1m]))"
                                + " / sum(rate(istio_requests_total{reporter=\"destination\",destination_workload_namespace=\"shop\",destination_workload=~\"checkout\"}[1m])) * 100");
        assertThat(BuiltInQueries.of("request-duration", spec("istio", "Deployment"), "shop", "1m"))
                .contains(
                        "histogram_quantile(0.99, sum(rate(istio_request_duration_milliseconds_bucket{reporter=\"destination\",destination_workload_namespace=\"shop\",destination_workload=~\"checkout\"}[1m])) by (le))");
    }

    /// D14: Flagger's pattern wants two parts behind the name, and so reads the primary's pods of a DaemonSet.
    @Test
    void onlyTheCanarysPodsAreRead() {
        var deployment = pods("Deployment");
        var daemonSet = pods("DaemonSet");

        assertThat(deployment.matcher("checkout-5d4f8c7b9-x2x4z").matches()).isTrue();
        assertThat(deployment.matcher("checkout-primary-5d4f8c7b9-x2x4z").matches())
                .isFalse();
        assertThat(daemonSet.matcher("checkout-x2x4z").matches()).isTrue();
        assertThat(daemonSet.matcher("checkout-primary-x2x4z").matches()).isFalse();
    }

    @Test
    void anUnknownNameOrProviderHasNoQuery() {
        assertThat(BuiltInQueries.of("latency", spec("istio", "Deployment"), "shop", "1m"))
                .isEmpty();
        assertThat(BuiltInQueries.of("request-duration", spec("traefik", "Deployment"), "shop", "1m"))
                .isEmpty();
    }

    @Test
    void durationsAreWholeMilliseconds() {
        assertThat(BuiltInQueries.wholeMillis("request-duration", new Measurement.Value(499.99)))
                .isEqualTo(new Measurement.Value(499));
        assertThat(BuiltInQueries.wholeMillis("request-success-rate", new Measurement.Value(99.9)))
                .isEqualTo(new Measurement.Value(99.9));
    }

    private static Pattern pods(String kind) {
        var query = BuiltInQueries.of("request-duration", spec("kubernetes", kind), "shop", "1m")
                .orElseThrow();
        var pods = Pattern.compile("pod_name=~\"([^\"]+)\"").matcher(query);
        assertThat(pods.find()).isTrue();
        return Pattern.compile(pods.group(1));
    }

    private static CanarySpec spec(String provider, String kind) {
        var spec = Samples.spec(Duration.ofSeconds(60), List.of(Samples.SUCCESS));
        return new CanarySpec(
                new WorkloadRef(kind, "checkout"),
                provider,
                spec.service(),
                spec.strategy(),
                spec.interval(),
                spec.threshold(),
                spec.progressDeadline(),
                spec.drain(),
                spec.primaryReady(),
                spec.canaryReady(),
                spec.metrics(),
                spec.hooks(),
                spec.skipAnalysis(),
                spec.suspended(),
                spec.revertOnDeletion(),
                spec.strict());
    }
}
