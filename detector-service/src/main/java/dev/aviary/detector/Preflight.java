package dev.aviary.detector;

import dev.aviary.detector.watch.Cluster;
import dev.aviary.eventlog.topics.ClusterNames;
import dev.aviary.eventlog.topics.LogConnection;
import dev.aviary.eventlog.topics.Topics;
import io.fabric8.kubernetes.api.model.ListOptions;
import io.fabric8.kubernetes.api.model.ListOptionsBuilder;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.io.IOException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.common.KafkaException;

/// What must be there before anything is watched; the first that isn't is said in one sentence.
final class Preflight {
    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final ListOptions ONE =
            new ListOptionsBuilder().withLimit(1L).build();

    private final DetectorConfig config;

    Preflight(DetectorConfig config) {
        this.config = config;
    }

    /// With the properties of the settings and of the file.
    ///
    /// @throws IOException if the file can't be read
    LogConnection connection() throws IOException {
        var log = new LogConnection(config.bootstrapServers(), config.kafka());
        return config.clientProperties().isEmpty()
                ? log
                : log.with(config.clientProperties().get());
    }

    Optional<String> log(LogConnection log, Topics topics) {
        var problem = log.problem(PATIENCE);
        if (problem.isPresent()) {
            return problem;
        }
        try (var admin = log.admin()) {
            return topics.ensure(admin, config.replicationFactor()).stream()
                    .findFirst()
                    .or(() -> new ClusterNames(log, topics).claim(config.clusterName()));
        } catch (KafkaException e) {
            return Optional.of("Topics of %s can't be made ready: %s.".formatted(log, e.getMessage()));
        }
    }

    Optional<String> kubernetes(KubernetesClient client) {
        var impatient = new ConfigBuilder(client.getConfiguration())
                .withRequestRetryBackoffLimit(0)
                .withConnectionTimeout(Math.toIntExact(PATIENCE.toMillis()))
                .withRequestTimeout(Math.toIntExact(PATIENCE.toMillis()))
                .build();
        try (var once = new KubernetesClientBuilder().withConfig(impatient).build()) {
            for (var question : questions(once).entrySet()) {
                try {
                    question.getValue().run();
                } catch (KubernetesClientException e) {
                    return Optional.of("%s can't be read at %s: %s Check the kubeconfig, its rights%s."
                            .formatted(
                                    question.getKey(),
                                    client.getMasterUrl(),
                                    words(e),
                                    e.getCode() == 404 ? ", and that the CRDs are installed" : ""));
                }
            }
        }
        return Optional.empty();
    }

    private Map<String, Runnable> questions(KubernetesClient once) {
        var namespace = config.namespace();
        var questions = new LinkedHashMap<String, Runnable>();
        questions.put("Canaries", () -> {
            var all = once.genericKubernetesResources(Cluster.CANARIES);
            var _ = namespace.isPresent()
                    ? all.inNamespace(namespace.get()).list(ONE)
                    : all.inAnyNamespace().list(ONE);
        });
        questions.put("MetricTemplates", () -> {
            var all = once.genericKubernetesResources(Cluster.TEMPLATES);
            var _ = namespace.isPresent()
                    ? all.inNamespace(namespace.get()).list(ONE)
                    : all.inAnyNamespace().list(ONE);
        });
        questions.put("Deployments", () -> {
            var all = once.apps().deployments();
            var _ = namespace.isPresent()
                    ? all.inNamespace(namespace.get()).list(ONE)
                    : all.inAnyNamespace().list(ONE);
        });
        questions.put("Pods", () -> {
            var _ = namespace.isPresent()
                    ? once.pods().inNamespace(namespace.get()).list(ONE)
                    : once.pods().inAnyNamespace().list(ONE);
        });
        if (config.configTracking()) {
            questions.put("ConfigMaps", () -> {
                var _ = namespace.isPresent()
                        ? once.configMaps().inNamespace(namespace.get()).list(ONE)
                        : once.configMaps().inAnyNamespace().list(ONE);
            });
            questions.put("Secrets", () -> {
                var _ = namespace.isPresent()
                        ? once.secrets().inNamespace(namespace.get()).list(ONE)
                        : once.secrets().inAnyNamespace().list(ONE);
            });
        }
        return questions;
    }

    private static String words(KubernetesClientException failed) {
        var status = failed.getStatus() == null ? null : failed.getStatus().getMessage();
        if (status != null && !status.isBlank()) {
            return status.strip().replaceAll("[.]?$", ".");
        }
        var cause = failed.getCause();
        return cause == null || cause.getMessage() == null
                ? "it doesn't answer."
                : cause.getMessage().lines().findFirst().orElse("").replaceAll("[.]?$", ".");
    }
}
