package dev.aviary.flagger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.aviary.playground.Playground;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// A real API server takes and prunes what it does with Flagger's own CRDs.
class CrdsIT {
    private static KubernetesClient kube;

    @BeforeAll
    static void install() throws IOException {
        var playground = Playground.shared();
        kube = new KubernetesClientBuilder()
                .withConfig(Config.fromKubeconfig(playground.kubeconfig().toFile()))
                .build();
        for (var name : Crds.all().keySet()) {
            playground.apply(Files.readString(Path.of("..", "k8s", "crds", name)));
        }
        for (var name : Crds.all().keySet()) {
            kube.apiextensions()
                    .v1()
                    .customResourceDefinitions()
                    .withName(name.replace(".yaml", ".flagger.app"))
                    .waitUntilCondition(
                            crd -> crd != null
                                    && crd.getStatus() != null
                                    && crd.getStatus().getConditions() != null
                                    && crd.getStatus().getConditions().stream()
                                            .anyMatch(condition -> "Established".equals(condition.getType())
                                                    && "True".equals(condition.getStatus())),
                            20,
                            TimeUnit.SECONDS);
        }
    }

    @AfterAll
    static void close() {
        kube.close();
    }

    @ParameterizedTest
    @CsvSource(delimiterString = " => ", textBlock = """
            analysis: {interval: 1m, threshold: 5, stepWeight: 10, maxWeight: 50}
            analysis: {interval: 1m, threshold: 5, stepWeights: [1, 2, 10]}
            analysis: {interval: 1m30s, threshold: 1.5, iterations: 10}
            analysis: {interval: 10sfoo, threshold: 5, iterations: 10}
            analysis: {interval: 1m, threshold: 5, iterations: 10, match: [{headers: {x-canary: {suffix: a}}}]}
            analysis: {interval: 1m, threshold: 5, iterations: 10, match: [{queryParams: {a: {}}}]}
            analysis: {interval: 1m, threshold: 5, stepWeight: 10, webhooks: [{name: a, url: "http://a", type: ""}]}
            analysis: {interval: 1m, threshold: 5, stepWeight: 10, alerts: [{name: a, severity: "", providerRef: {name: a}}]}
            provider: gatewayapi:v1, analysis: {interval: 1m, threshold: 5, stepWeight: 10}
            service: {port: 80, targetPort: http}, analysis: {interval: 1m, threshold: 5, stepWeight: 10}
            service: {port: 80, targetPort: 8080}, analysis: {interval: 1m, threshold: 5, stepWeight: 10}
            service: {port: 80, trafficPolicy: {loadBalancer: {simple: RANDOM}}}, analysis: {interval: 1m, threshold: 5, stepWeight: 10}
            autoscalerRef: {apiVersion: v2, kind: HorizontalPodAutoscaler, name: a, primaryScalerReplicas: {minReplicas: 1}}, analysis: {interval: 1m, threshold: 5, stepWeight: 10}
            """)
    void takes(String spec) {
        assertThat(dryRun(spec)).isNotNull();
    }

    @ParameterizedTest
    @CsvSource(delimiterString = " => ", textBlock = """
            skipAnalysis: true => spec.analysis: Required
            analysis: {interval: 1m, threshold: 5} => spec.analysis
            analysis: {interval: 1m, iterations: 5} => spec.analysis
            analysis: {interval: 1m, threshold: 5, iterations: 10, stepWeight: 10} => spec.analysis
            analysis: {interval: 1h, threshold: 5, iterations: 10} => spec.analysis.interval
            analysis: {interval: 1m, threshold: five, iterations: 10} => spec.analysis.threshold
            provider: gatewayapi, analysis: {interval: 1m, threshold: 5, stepWeight: 10} => spec.provider: Unsupported value
            analysis: {interval: 1m, threshold: 5, iterations: 10, match: [{headers: {a: {}}}]} => match[0].headers.a
            analysis: {interval: 1m, threshold: 5, iterations: 10, match: [{queryParams: {a: {exact: a, regex: b}}}]} => match[0].queryParams.a
            analysis: {interval: 1m, threshold: 5, stepWeight: 10, metrics: [{interval: 1m}]} => metrics[0].name: Required
            analysis: {interval: 1m, threshold: 5, stepWeight: 10, webhooks: [{name: a, url: "http://a", type: later}]} => webhooks[0].type: Unsupported
            analysis: {interval: 1m, threshold: 5, stepWeight: 10, alerts: [{name: a, severity: debug, providerRef: {name: a}}]} => alerts[0].severity
            service: {portName: http}, analysis: {interval: 1m, threshold: 5, stepWeight: 10} => spec.service.port: Required
            service: {port: 80, gatewayRefs: [{name: a, port: 0}]}, analysis: {interval: 1m, threshold: 5, stepWeight: 10} => gatewayRefs[0].port
            service: {port: 80, trafficPolicy: {loadBalancer: {}}}, analysis: {interval: 1m, threshold: 5, stepWeight: 10} => loadBalancer
            service: {port: 80, corsPolicy: {allowOrigins: [{}]}}, analysis: {interval: 1m, threshold: 5, stepWeight: 10} => allowOrigins[0]
            autoscalerRef: {apiVersion: v2, kind: VerticalPodAutoscaler, name: a}, analysis: {interval: 1m, threshold: 5, stepWeight: 10} => autoscalerRef.kind
            """)
    void refuses(String spec, String field) {
        assertThatThrownBy(() -> dryRun(spec))
                .isInstanceOf(KubernetesClientException.class)
                .hasMessageContaining(field);
    }

    @Test
    void refusesOtherKindsOfTarget() {
        assertThatThrownBy(() -> dryRun("""
                apiVersion: flagger.app/v1beta1
                kind: Canary
                metadata: {name: a, namespace: default}
                spec:
                  targetRef: {apiVersion: apps/v1, kind: StatefulSet, name: a}
                  analysis: {interval: 1m, threshold: 1, iterations: 1}
                """, "canaries")).hasMessageContaining("spec.targetRef.kind");
    }

    @Test
    void prunesWhatFlaggersSchemaDoesNotKnow() {
        var stored = dryRun("""
                later: true,
                canaryAnalysis: {interval: 1m},
                service: {port: 80, trafficPolicy: {connectionPool: {tcp: {maxConnections: 1}, http: {maxRetries: 1}}}},
                analysis: {interval: 1m, threshold: 5, iterations: 10, match: [{headers: {a: {exact: b}}, uri: {exact: /}}]}
                """.replace("\n", " "));

        assertThat(stored.<Object>get("spec", "later")).isNull();
        assertThat(stored.<Object>get("spec", "canaryAnalysis")).isNull();
        assertThat(stored.<Object>get("spec", "service", "trafficPolicy", "connectionPool")
                        .toString())
                .isEqualTo("{http={maxRetries=1}}");
        assertThat(stored.<Object>get("spec", "analysis", "match").toString()).doesNotContain("uri");
    }

    @Test
    void fillsInWhatFlaggersSchemaFillsIn() {
        var stored = dryRun("""
                service: {port: 80, gatewayRefs: [{name: edge}], mirror: [{backendRef: {name: copy}}]},
                analysis: {interval: 1m, threshold: 5, stepWeight: 10, sessionAffinity: {cookieName: a}}
                """.replace("\n", " "));

        assertThat(stored.<Object>get("spec", "service", "gatewayRefs").toString())
                .contains("group=gateway.networking.k8s.io", "kind=Gateway");
        assertThat(stored.<Object>get("spec", "service", "mirror").toString()).contains("group=,", "kind=Service");
        assertThat(((Number) stored.<Object>get("spec", "analysis", "sessionAffinity", "maxAge")).intValue())
                .isEqualTo(86400);
    }

    @Test
    void templatesAndAlertProvidersToo() {
        assertThat(dryRun("""
                apiVersion: flagger.app/v1beta1
                kind: MetricTemplate
                metadata: {name: a, namespace: default}
                spec: {provider: {type: prometheus, address: "http://p", headers: {a: [b]}}, query: up}
                """, "metrictemplates")).isNotNull();
        assertThatThrownBy(() -> dryRun("""
                apiVersion: flagger.app/v1beta1
                kind: MetricTemplate
                metadata: {name: a, namespace: default}
                spec: {provider: {type: zabbix}, query: up}
                """, "metrictemplates")).hasMessageContaining("spec.provider.type");
        assertThatThrownBy(() -> dryRun("""
                apiVersion: flagger.app/v1beta1
                kind: AlertProvider
                metadata: {name: a, namespace: default}
                spec: {type: slack, address: "http://a", secretRef: {name: a}}
                """, "alertproviders")).hasMessageContaining("spec");
    }

    @Test
    void theColumnsOfKubectlAreFlaggers() {
        assertThat(Playground.shared().kubectl("get", "canaries", "-A", "-o", "wide"))
                .contains("No resources");
        var columns = kube.apiextensions()
                .v1()
                .customResourceDefinitions()
                .withName("canaries.flagger.app")
                .get()
                .getSpec()
                .getVersions()
                .getFirst()
                .getAdditionalPrinterColumns();
        assertThat(columns)
                .extracting(column -> column.getName())
                .containsExactly(
                        "Status",
                        "Weight",
                        "Suspended",
                        "FailedChecks",
                        "Interval",
                        "Mirror",
                        "StepWeight",
                        "StepWeights",
                        "MaxWeight",
                        "LastTransitionTime");
    }

    private static GenericKubernetesResource dryRun(String spec) {
        return dryRun("""
                apiVersion: flagger.app/v1beta1
                kind: Canary
                metadata: {name: a, namespace: default}
                spec: {targetRef: {apiVersion: apps/v1, kind: Deployment, name: a}, %s}
                """.formatted(spec), "canaries");
    }

    private static GenericKubernetesResource dryRun(String yaml, String plural) {
        var object = kube.getKubernetesSerialization().unmarshal(yaml, GenericKubernetesResource.class);
        return kube.genericKubernetesResources("flagger.app/v1beta1", object.getKind())
                .inNamespace("default")
                .resource(object)
                .dryRun(true)
                .create();
    }
}
