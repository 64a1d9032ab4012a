package dev.aviary.router;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.aviary.eventlog.LoggedEvent;
import dev.aviary.eventlog.codec.CanaryKeySerde;
import dev.aviary.eventlog.codec.EventSerde;
import dev.aviary.eventlog.streams.EmbeddedBroker;
import dev.aviary.eventlog.topics.LogConnection;
import dev.aviary.eventlog.topics.Topics;
import dev.aviary.events.CanaryApplied;
import dev.aviary.events.CanaryKey;
import dev.aviary.events.CanarySpec;
import dev.aviary.events.DetectorEvent;
import dev.aviary.events.Percent;
import dev.aviary.events.RevisionDetected;
import dev.aviary.events.Strategy;
import dev.aviary.events.WorkloadRef;
import dev.aviary.flagger.Canary;
import dev.aviary.flagger.Revision;
import dev.aviary.playground.Playground;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The packaged service as a process of its own.
class StartIT {
    private static final String AWAY = "-Dquarkus.kubernetes-client.api-server-url=https://127.0.0.1:1";

    @TempDir
    Path dir;

    @Test
    void aBrokerThatIsAwayIsOneSentenceAndAnExitStatus() throws Exception {
        assertThat(sentences("127.0.0.1:1"))
                .singleElement()
                .asString()
                .startsWith("router: Kafka at 127.0.0.1:1 doesn't answer");
    }

    @Test
    void anApiServerThatIsAwayIsOneSentenceAndAnExitStatus() throws Exception {
        try (var broker = EmbeddedBroker.start(dir.resolve("broker"), 0)) {
            assertThat(sentences(broker.bootstrapServers()))
                    .singleElement()
                    .asString()
                    .startsWith("router: Canaries can't be read at https://127.0.0.1:1");
        }
    }

    @Test
    void whatTheDetectorSaysBecomesAPrimaryAndAStatusAndAKilledRouterGoesOn() throws Exception {
        var kube = RealCluster.client();
        var namespace = RealCluster.namespace(kube);
        RealCluster.canary(
                kube, namespace, "provider: gatewayapi:v1\nservice: {port: 80, gatewayRefs: [{name: front}]}\n");
        var target = kube.resource("""
                        apiVersion: apps/v1
                        kind: Deployment
                        metadata: {name: checkout, namespace: %s}
                        spec:
                          selector: {matchLabels: {app: checkout}}
                          template:
                            metadata: {labels: {app: checkout}}
                            spec: {containers: [{name: app, image: "checkout:1"}]}
                        """.formatted(namespace)).create();
        var template = ((io.fabric8.kubernetes.api.model.apps.Deployment) target)
                .getSpec()
                .getTemplate();
        var revision =
                ((Revision.Known) Revision.of(template, Map.of())).revision().name();
        try (var broker = EmbeddedBroker.start(dir.resolve("broker"), 0)) {
            try (var admin = LogConnection.to(broker.bootstrapServers()).admin()) {
                assertThat(Topics.DEFAULT.ensure(admin, (short) 1)).isEmpty();
            }
            var router = started(broker.bootstrapServers());
            try {
                say(broker, namespace, new CanaryApplied("uid", 1, spec()));
                router.destroyForcibly().waitFor();
                router = started(broker.bootstrapServers());
                say(broker, namespace, revision(revision));

                await().atMost(Duration.ofSeconds(60))
                        .untilAsserted(() -> assertThat(kube.apps()
                                        .deployments()
                                        .inNamespace(namespace)
                                        .withName("checkout-primary")
                                        .get())
                                .isNotNull());
                await().atMost(Duration.ofSeconds(20))
                        .untilAsserted(() -> assertThat(kube.resources(Canary.class)
                                        .inNamespace(namespace)
                                        .withName("checkout")
                                        .require()
                                        .getStatus()
                                        .phase())
                                .isEqualTo("Initializing"));
            } finally {
                router.destroyForcibly().waitFor();
            }
        }
    }

    private static void say(EmbeddedBroker broker, String namespace, DetectorEvent event) throws Exception {
        try (var producer = LogConnection.to(broker.bootstrapServers())
                .producer(new CanaryKeySerde().serializer(), new EventSerde().serializer())) {
            producer.send(new ProducerRecord<>(
                            Topics.DEFAULT.rolloutEvents(),
                            new CanaryKey("default", namespace, "checkout"),
                            LoggedEvent.fact(event.getClass().getSimpleName(), event)))
                    .get();
        }
    }

    private Process started(String bootstrap) throws IOException {
        return router(
                bootstrap, "-Dkubeconfig=" + Playground.shared().kubeconfig(), "-Daviary.router.state-dir=" + dir);
    }

    /// What it prints beside its log, which is JSON.
    private List<String> sentences(String bootstrap) throws IOException, InterruptedException {
        var process = router(bootstrap, AWAY);
        try {
            assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        } finally {
            process.destroyForcibly();
        }
        assertThat(process.exitValue()).isEqualTo(1);
        return Files.readAllLines(dir.resolve("router.log")).stream()
                .filter(line -> !line.startsWith("{"))
                .toList();
    }

    private Process router(String bootstrap, String... settings) throws IOException {
        var command = new ArrayList<>(List.of(
                ProcessHandle.current().info().command().orElseThrow(),
                "-Daviary.router.bootstrap-servers=" + bootstrap,
                "-Dquarkus.http.host=127.0.0.1",
                "-Dquarkus.http.port=0",
                "-Dquarkus.otel.sdk.disabled=true"));
        command.addAll(List.of(settings));
        command.addAll(List.of("-jar", "target/quarkus-app/quarkus-run.jar"));
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(dir.resolve("router.log").toFile())
                .start();
    }

    private static CanarySpec spec() {
        return new CanarySpec(
                new WorkloadRef("Deployment", "checkout"),
                "gatewayapi:v1",
                "checkout",
                new Strategy.Progressive(List.of(Percent.of("5")), Percent.ZERO),
                Duration.ofSeconds(10),
                2,
                Duration.ofMinutes(5),
                Duration.ofSeconds(1),
                100,
                100,
                List.of(),
                List.of(),
                false,
                false,
                false,
                false);
    }

    private static RevisionDetected revision(String name) {
        return new RevisionDetected(name, Optional.empty(), List.of("checkout:1"), List.of(), new TreeMap<>());
    }
}
