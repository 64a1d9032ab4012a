package dev.aviary.analyzer.live;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MonitorTest {
    private static final Pod POD = Serialization.unmarshal("""
            apiVersion: v1
            kind: Pod
            metadata: {name: checkout-7f-a, namespace: shop, labels: {app: checkout, tier: web}}
            spec:
              initContainers:
              - {name: istio-proxy, restartPolicy: Always, ports: [{name: http-envoy-prom, containerPort: 15090}]}
              containers:
              - {name: app, ports: [{name: http, containerPort: 8080}, {name: metrics, containerPort: 9090}]}
            """, Pod.class);
    private static final Service SERVICE = Serialization.unmarshal("""
            apiVersion: v1
            kind: Service
            metadata: {name: checkout-canary, namespace: shop, labels: {team: shop}}
            spec:
              selector: {app: checkout}
              ports:
              - {name: web, port: 80, targetPort: http}
              - {name: admin, port: 81, targetPort: 9999}
              - {name: plain, port: 8080}
            """, Service.class);

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{port: metrics} | http 9090 /metrics",
                "{port: metrics, path: /prom, scheme: https} | https 9090 /prom",
                "{portNumber: 8080} | http 8080 /metrics",
                "{targetPort: 8080} | http 8080 /metrics",
                "{targetPort: metrics} | http 9090 /metrics",
                "{port: http-envoy-prom, path: /stats/prometheus} | http 15090 /stats/prometheus",
                "{port: another} |",
                "{portNumber: 1} |",
                "{path: /stats/prometheus} |",
            })
    void aPodMonitorNamesAPortOfThePod(String endpoint, String address) {
        assertThat(found(pods("selector: {matchLabels: {app: checkout}}", endpoint)))
                .isEqualTo(Optional.ofNullable(address));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{port: web} | http 8080 /metrics",
                "{port: admin, path: /prom} | http 9999 /prom",
                "{port: plain} | http 8080 /metrics",
                "{targetPort: metrics} | http 9090 /metrics",
                "{targetPort: 8080} | http 8080 /metrics",
                "{port: http} |",
                "{targetPort: 1} |",
            })
    void aServiceMonitorNamesAPortOfAServiceOfThePods(String endpoint, String address) {
        assertThat(found(services("selector: {matchLabels: {team: shop}}", endpoint)))
                .isEqualTo(Optional.ofNullable(address));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "selector: {} | true",
                "selector: {matchLabels: {app: checkout, tier: web}} | true",
                "selector: {matchLabels: {app: checkout, tier: back}} | false",
                "selector: {matchExpressions: [{key: tier, operator: In, values: [web, back]}]} | true",
                "selector: {matchExpressions: [{key: tier, operator: NotIn, values: [web]}]} | false",
                "selector: {matchExpressions: [{key: none, operator: NotIn, values: [web]}]} | true",
                "selector: {matchExpressions: [{key: tier, operator: Exists}]} | true",
                "selector: {matchExpressions: [{key: istio-prometheus-ignore, operator: DoesNotExist}]} | true",
                "selector: {matchLabels: {app: checkout}, matchExpressions: [{key: app, operator: DoesNotExist}]} | false",
                "selector: {matchExpressions: [{key: tier, operator: Like}]} | false",
            })
    void aSelectorIsKubernetes(String selector, boolean isChosen) {
        assertThat(found(pods(selector, "{port: http}")).isPresent()).isEqualTo(isChosen);
    }

    @Test
    void aServiceThatIsOfOtherPodsSaysNothing() {
        var other = Serialization.unmarshal(
                Serialization.asYaml(SERVICE).replace("app: \"checkout\"", "app: \"cart\""), Service.class);
        var monitor = services("selector: {}", "{port: web}");
        assertThat(other.getSpec().getSelector()).containsEntry("app", "cart");

        assertThat(monitor.address(POD, List.of(other))).isEmpty();
        assertThat(monitor.address(POD, List.of(other, SERVICE))).isPresent();
    }

    @Test
    void theFirstEndpointWhosePortThePodHasIsTaken() {
        assertThat(found(pods("selector: {}", "{port: another}, {port: metrics}, {port: http}")))
                .contains("http 9090 /metrics");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "selector: {} | false",
                "namespaceSelector: {any: true} | true",
                "namespaceSelector: {matchNames: [shop]} | true",
                "namespaceSelector: {matchNames: [other]} | false",
                "namespaceSelector: {} | false",
            })
    void itIsOfTheNamespacesThatItSelects(String selector, boolean isOfTheShop) {
        var monitor = pods(selector, "{port: http}");

        assertThat(monitor.isOf("shop")).isEqualTo(isOfTheShop);
        assertThat(monitor.isOf("monitoring")).isEqualTo(!selector.contains("matchNames"));
    }

    private static Optional<String> found(Monitor monitor) {
        return monitor.address(POD, List.of(SERVICE))
                .map(address -> "%s %d %s".formatted(address.scheme(), address.port(), address.path()));
    }

    private static Monitor pods(String more, String endpoints) {
        return monitor(Monitor.Kind.POD, "podMetricsEndpoints: [%s]\n%s".formatted(endpoints, more));
    }

    private static Monitor services(String more, String endpoints) {
        return monitor(Monitor.Kind.SERVICE, "endpoints: [%s]\n%s".formatted(endpoints, more));
    }

    private static Monitor monitor(Monitor.Kind kind, String spec) {
        return new Monitor(kind, "monitoring", "checkout", Serialization.unmarshal(spec, Monitor.Spec.class));
    }
}
