package dev.aviary.detector;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.is;

import dev.aviary.detector.DetectorStartIT.Around;
import dev.aviary.eventlog.streams.EmbeddedBroker;
import dev.aviary.eventlog.topics.LogConnection;
import dev.aviary.eventlog.topics.Topics;
import dev.aviary.playground.Playground;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.common.QuarkusTestResourceLifecycleManager;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/// The service as a whole: settings, health, metrics, and what it says when it can't start.
@QuarkusTest
@QuarkusTestResource(Around.class)
class DetectorStartIT {
    @Inject
    DetectorConfig config;

    @Inject
    io.fabric8.kubernetes.client.KubernetesClient client;

    @Test
    void itBecomesReadyAndCountsWhatItSays() {
        await().atMost(Duration.ofSeconds(20))
                .untilAsserted(() ->
                        given().get("/q/health/ready").then().statusCode(200).body("status", is("UP")));
        given().get("/q/health/live").then().statusCode(200);
        await().atMost(Duration.ofSeconds(20))
                .untilAsserted(() -> given().get("/q/metrics")
                        .then()
                        .body(containsString("aviary_detector_events_total{type=\"canary-applied.v1\"} 1.0")));
    }

    @Test
    void theDefaultsAreThese() {
        assertThat(config.topicPrefix()).isEqualTo("aviary.");
        assertThat(config.meshProvider()).isEqualTo("gatewayapi:v1");
        assertThat(config.providers()).containsExactlyInAnyOrder("gatewayapi:v1", "istio", "kubernetes");
        assertThat(config.metricProviders()).containsExactly("prometheus");
        assertThat(config.compat()).isEqualTo(DetectorConfig.Compat.DEFAULT);
        assertThat(config.configTracking()).isTrue();
        assertThat(config.noCrossNamespaceRefs()).isFalse();
        assertThat(config.leaseDuration()).isEqualTo(Duration.ofSeconds(6));
        assertThat(config.instanceId()).isEqualTo("detector-0");
        assertThat(config.kafka()).containsEntry("metadata.max.age.ms", "30000");
    }

    @Test
    void aBrokerThatIsNotThereIsOneSentence() {
        assertThat(new Preflight(config).log(LogConnection.to("127.0.0.1:1"), Topics.DEFAULT))
                .get()
                .asString()
                .startsWith("Kafka at 127.0.0.1:1 doesn't answer within 10 s.");
    }

    @Test
    void anotherClustersLogIsRefused() {
        var connection = LogConnection.to(config.bootstrapServers());

        assertThat(new dev.aviary.eventlog.topics.ClusterNames(connection, Topics.DEFAULT).claim("us"))
                .get()
                .asString()
                .contains("tells of cluster eu", "\"us\"");
    }

    @Test
    void aKubeconfigWithoutRightsIsOneSentence() {
        try (var nobody = as(Around.playground.serviceAccountToken("people", "nobody"))) {
            assertThat(new Preflight(config).kubernetes(nobody))
                    .get()
                    .asString()
                    .startsWith("Canaries can't be read at " + client.getMasterUrl())
                    .contains("is forbidden", "Check the kubeconfig, its rights.")
                    .doesNotContain("\n");
        }
    }

    @Test
    void anApiServerThatIsNotThereIsOneSentence() {
        var nowhere = new io.fabric8.kubernetes.client.ConfigBuilder(io.fabric8.kubernetes.client.Config.empty())
                .withMasterUrl("https://127.0.0.1:1")
                .build();
        try (var away = new io.fabric8.kubernetes.client.KubernetesClientBuilder()
                .withConfig(nowhere)
                .build()) {
            assertThat(new Preflight(config).kubernetes(away))
                    .get()
                    .asString()
                    .startsWith("Canaries can't be read at https://127.0.0.1:1/: ")
                    .doesNotContain("\n");
        }
    }

    private io.fabric8.kubernetes.client.KubernetesClient as(String token) {
        var other = new io.fabric8.kubernetes.client.ConfigBuilder(client.getConfiguration())
                .withOauthToken(token)
                .build();
        return new io.fabric8.kubernetes.client.KubernetesClientBuilder()
                .withConfig(other)
                .build();
    }

    /// A broker and an API server with one Canary, and the detector's settings for them.
    public static final class Around implements QuarkusTestResourceLifecycleManager {
        private static Playground playground;
        private EmbeddedBroker broker;

        @Override
        public Map<String, String> start() {
            try {
                broker = EmbeddedBroker.start(Files.createTempDirectory("detector-broker"), 0);
                playground = Playground.minimal();
                for (var crd : List.of("canaries", "metrictemplates")) {
                    playground.apply(Files.readString(Path.of("..", "k8s", "crds", crd + ".yaml")));
                    playground.kubectl(
                            "wait",
                            "--for=condition=Established",
                            "--timeout=30s",
                            "crd/%s.flagger.app".formatted(crd));
                }
                playground.apply("""
                        apiVersion: flagger.app/v1beta1
                        kind: Canary
                        metadata: {name: checkout, namespace: default}
                        spec:
                          provider: istio
                          targetRef: {apiVersion: apps/v1, kind: Deployment, name: checkout}
                          service: {port: 80}
                          analysis: {interval: 10s, threshold: 1, stepWeight: 10}
                        """);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            return Map.of(
                    "aviary.detector.bootstrap-servers", broker.bootstrapServers(),
                    "aviary.detector.cluster-name", "eu",
                    "aviary.detector.kafka.\"metadata.max.age.ms\"", "30000",
                    "quarkus.http.test-port", "0",
                    "quarkus.kubernetes-client.api-server-url", playground.url().toString(),
                    "quarkus.kubernetes-client.token", playground.token(),
                    "quarkus.kubernetes-client.ca-cert-file",
                            playground.certificateAuthority().toString());
        }

        @Override
        public void stop() {
            playground.close();
            try {
                broker.close();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
