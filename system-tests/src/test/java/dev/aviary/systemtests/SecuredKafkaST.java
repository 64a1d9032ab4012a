package dev.aviary.systemtests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.aviary.cli.pipeline.Pipeline;
import dev.aviary.cli.story.LogReader;
import dev.aviary.eventlog.topics.LogConnection;
import dev.aviary.events.InitializationStarted;
import dev.aviary.events.RolloutEvent;
import dev.aviary.playground.Playground;
import dev.aviary.playground.PlaygroundOptions;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A Kafka with TLS and passwords: `--kafka-config FILE` opens it to every service and to the command line.
class SecuredKafkaST {
    private static final String CANARY = """
            apiVersion: apps/v1
            kind: Deployment
            metadata: {name: checkout, namespace: default}
            spec:
              selector: {matchLabels: {app: checkout}}
              template:
                metadata: {labels: {app: checkout}}
                spec: {containers: [{name: app, image: "checkout:1"}]}
            ---
            apiVersion: flagger.app/v1beta1
            kind: Canary
            metadata: {name: checkout, namespace: default}
            spec:
              provider: kubernetes
              targetRef: {apiVersion: apps/v1, kind: Deployment, name: checkout}
              service: {port: 80}
              analysis: {interval: 10s, threshold: 1, iterations: 1}
            """;

    @TempDir
    Path folder;

    /// A JVM doesn't start two brokers at a time.
    @BeforeAll
    static void theOthersBrokerIsUp() {
        RealWorld.shared();
    }

    @Test
    void theServicesAndTheCommandLineGetInAndNoProcessShowsThePassword() throws Exception {
        try (var broker = SecuredBroker.start(folder);
                var playground =
                        Playground.start(PlaygroundOptions.apiServer().withCrds(Repository.ROOT.resolve("k8s/crds")))) {
            var file = broker.clientProperties("aviary-secret");
            var log = LogConnection.to(broker.bootstrapServers()).with(file);
            try (var pipeline = Pipeline.start(settings(log, file, playground), System.out::println)) {
                playground.apply(CANARY);

                // Detector and router have heard each other.
                await("a decision is on the log")
                        .atMost(RealWorld.patience())
                        .untilAsserted(
                                () -> assertThat(said(log)).hasAtLeastOneElementOfType(InitializationStarted.class));
                assertThat(pipeline.services())
                        .hasSize(4)
                        .allSatisfy(service -> assertThat(ProcessHandle.of(service.pid())
                                        .orElseThrow()
                                        .info()
                                        .commandLine())
                                .hasValueSatisfying(line -> assertThat(line)
                                        .contains(service.name())
                                        .doesNotContain("aviary-secret")));
                var options = List.of("--kafka", broker.bootstrapServers(), "--topic-prefix", "secured.");
                assertThat(audit(playground, options, file)).contains("making the primary");
                assertThatThrownBy(() -> audit(playground, options, broker.clientProperties("guessed")))
                        .hasMessageContaining("refuses our credentials")
                        .hasMessageNotContaining("guessed");
                assertThat(LogConnection.to(broker.bootstrapServers()).problem(Duration.ofSeconds(2)))
                        .hasValueSatisfying(why -> assertThat(why).contains("whether it asks for TLS"));
            }
        }
    }

    private Pipeline.Settings settings(LogConnection log, Path file, Playground playground) throws Exception {
        return new Pipeline.Settings(
                RealWorld.distribution(folder),
                folder.resolve("pipeline"),
                Optional.of(log),
                Optional.of(file),
                0,
                "secured.",
                (short) -1,
                "secured",
                "kubernetes",
                "http://127.0.0.1:9",
                Optional.empty(),
                Map.of("", playground.kubeconfig()),
                Optional.empty(),
                0,
                Map.of());
    }

    private static List<RolloutEvent> said(LogConnection log) {
        var said = new ArrayList<RolloutEvent>();
        new LogReader(log, "secured.rollout-events")
                .history(entry -> said.add(entry.logged().event()));
        return said;
    }

    private static String audit(Playground playground, List<String> options, Path file) {
        var arguments = new ArrayList<>(List.of("audit", "default/checkout", "--kafka-config", file.toString()));
        arguments.addAll(options);
        return RealWorld.aviary(playground.kubeconfig(), arguments.toArray(String[]::new));
    }
}
