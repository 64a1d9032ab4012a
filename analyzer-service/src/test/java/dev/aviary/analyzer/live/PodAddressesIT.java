package dev.aviary.analyzer.live;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.aviary.analyzer.live.LivePods.LivePod;
import dev.aviary.events.WorkloadRef;
import dev.aviary.playground.Playground;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;

/// Where pods' metrics are, as a real API server has it; the monitors' definitions come last.
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class PodAddressesIT {
    private static final Playground PLAYGROUND = Playground.shared();
    private static final WorkloadRef CHECKOUT = new WorkloadRef("Deployment", "checkout");
    private static final KubernetesClient KUBE = new KubernetesClientBuilder()
            .withConfig(Config.fromKubeconfig(PLAYGROUND.kubeconfig().toFile()))
            .build();

    private Instant now = Instant.parse("2026-01-01T12:00:00Z");
    private final KubernetesLiveObjects live = new KubernetesLiveObjects(KUBE, () -> now);

    @Test
    @Order(1)
    void aClusterWithoutMonitorsHasTheFirstPortOrTheAnnotated() {
        PLAYGROUND.apply("""
                {apiVersion: v1, kind: Namespace, metadata: {name: shop}}
                ---
                apiVersion: apps/v1
                kind: Deployment
                metadata: {name: checkout, namespace: shop}
                spec:
                  replicas: 0
                  selector: {matchLabels: {app: checkout}}
                  template:
                    metadata: {labels: {app: checkout}}
                    spec: {containers: [{name: app, image: none}]}
                """);
        pod("checkout-a", "");
        pod("checkout-b", "prometheus.io/port: '15020', prometheus.io/path: /stats/prometheus");

        assertThat(addresses())
                .containsExactly("http://10.0.0.7:8080/metrics", "http://10.0.0.7:15020/stats/prometheus");
    }

    @Test
    @Order(2)
    void aMonitorIsFollowedOnceItIsKnownAndAnAnnotationBeforeIt() {
        assertThat(addresses()).first().isEqualTo("http://10.0.0.7:8080/metrics");
        definitions();
        PLAYGROUND.apply("""
                apiVersion: v1
                kind: Service
                metadata: {name: checkout, namespace: shop, labels: {app: checkout}}
                spec: {selector: {app: checkout}, ports: [{name: admin, port: 81, targetPort: 9999}]}
                ---
                apiVersion: monitoring.coreos.com/v1
                kind: ServiceMonitor
                metadata: {name: checkout, namespace: shop}
                spec: {selector: {matchLabels: {app: checkout}}, endpoints: [{port: admin, path: /prom}]}
                """);
        assertThat(addresses()).first().as("asked rarely").isEqualTo("http://10.0.0.7:8080/metrics");
        now = now.plus(Duration.ofMinutes(1));
        assertThat(addresses()).first().isEqualTo("http://10.0.0.7:9999/prom");

        PLAYGROUND.apply("""
                apiVersion: monitoring.coreos.com/v1
                kind: PodMonitor
                metadata: {name: all, namespace: default}
                spec:
                  namespaceSelector: {any: true}
                  selector: {}
                  podMetricsEndpoints: [{path: /stats/prometheus}, {port: metrics}]
                """);
        now = now.plus(Duration.ofMinutes(1));

        assertThat(addresses())
                .containsExactly("http://10.0.0.7:9090/metrics", "http://10.0.0.7:15020/stats/prometheus");
    }

    /// With no right to list in all namespaces, those of the pod's own are read.
    @Test
    @Order(3)
    void whereOneNamespaceIsOursItsOwnMonitorsCount() {
        PLAYGROUND.apply("""
                {apiVersion: v1, kind: ServiceAccount, metadata: {name: analyzer, namespace: shop}}
                ---
                apiVersion: rbac.authorization.k8s.io/v1
                kind: Role
                metadata: {name: analyzer, namespace: shop}
                rules:
                - {apiGroups: [apps], resources: [deployments], verbs: [get]}
                - {apiGroups: [""], resources: [pods, services], verbs: [list]}
                - {apiGroups: [monitoring.coreos.com], resources: [servicemonitors], verbs: [list]}
                ---
                apiVersion: rbac.authorization.k8s.io/v1
                kind: RoleBinding
                metadata: {name: analyzer, namespace: shop}
                roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: analyzer}
                subjects: [{kind: ServiceAccount, name: analyzer, namespace: shop}]
                """);
        var config = PLAYGROUND.kubeconfigWith(PLAYGROUND.serviceAccountToken("shop", "analyzer"), "analyzer");
        try (var ours = new KubernetesClientBuilder()
                .withConfig(Config.fromKubeconfig(config.toFile()))
                .build()) {
            var limited = new KubernetesLiveObjects(ours, () -> now);
            await().atMost(Duration.ofSeconds(20))
                    .ignoreExceptions() // until the role is known everywhere
                    .untilAsserted(() -> assertThat(limited.pods("shop", CHECKOUT))
                            .extracting(LivePod::metrics)
                            .first()
                            .isEqualTo("http://10.0.0.7:9999/prom"));
            limited.close();
        }
    }

    private List<String> addresses() {
        return live.pods("shop", CHECKOUT).stream().map(LivePod::metrics).toList();
    }

    private static void pod(String name, String annotations) {
        PLAYGROUND.apply("""
                apiVersion: v1
                kind: Pod
                metadata:
                  {name: %s, namespace: shop, labels: {app: checkout, pod-template-hash: 7f}, annotations: {%s}}
                spec:
                  automountServiceAccountToken: false
                  containers:
                  - {name: istio-proxy, image: none, ports: [{name: http-envoy-prom, containerPort: 15090}]}
                  - {name: app, image: none, ports: [{containerPort: 8080}, {name: metrics, containerPort: 9090}]}
                """.formatted(name, annotations));
        KUBE.pods()
                .inNamespace("shop")
                .withName(name)
                .editStatus(pod -> new PodBuilder(pod)
                        .editOrNewStatus()
                        .withPodIP("10.0.0.7")
                        .withStartTime("2026-01-01T11:00:00Z")
                        .endStatus()
                        .build());
    }

    /// The operator's own schemas are large; here everything is taken as it is.
    private static void definitions() {
        for (var kind : Monitor.Kind.values()) {
            PLAYGROUND.apply("""
                    apiVersion: apiextensions.k8s.io/v1
                    kind: CustomResourceDefinition
                    metadata: {name: %s.monitoring.coreos.com}
                    spec:
                      group: monitoring.coreos.com
                      scope: Namespaced
                      names: {kind: %s, plural: %s, singular: %s}
                      versions:
                      - name: v1
                        served: true
                        storage: true
                        schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
                    """.formatted(
                    kind.plural(), kind.word(), kind.plural(), kind.word().toLowerCase(java.util.Locale.ROOT)));
            PLAYGROUND.kubectl(
                    "wait",
                    "--for=condition=Established",
                    "--timeout=20s",
                    "crd/%s.monitoring.coreos.com".formatted(kind.plural()));
        }
    }

    @AfterAll
    static void close() {
        KUBE.close();
    }
}
