package dev.aviary.analyzer;

import dev.aviary.eventlog.streams.EmbeddedBroker;
import dev.aviary.playground.Playground;
import dev.aviary.playground.PlaygroundOptions;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinitionBuilder;
import io.fabric8.kubernetes.api.model.apiextensions.v1.JSONSchemaPropsBuilder;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.quarkus.test.common.QuarkusTestResourceLifecycleManager;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/// A broker, an API server and a Prometheus, for one test class.
public final class RealParts implements QuarkusTestResourceLifecycleManager {
    private EmbeddedBroker broker;
    private Playground playground;

    @Override
    public Map<String, String> start() {
        try {
            broker = EmbeddedBroker.start(Files.createTempDirectory("broker"), 0);
            playground = Playground.start(PlaygroundOptions.full());
            try (var kube = client(playground)) {
                List.of("Canary", "MetricTemplate").forEach(kind -> crd(kube, kind));
            }
            var settings = new HashMap<String, String>();
            settings.put("aviary.analyzer.enabled", "true");
            settings.put("aviary.analyzer.cluster-name", "eu");
            settings.put("aviary.analyzer.bootstrap-servers", broker.bootstrapServers());
            settings.put("aviary.analyzer.replication-factor", "1");
            settings.put(
                    "aviary.analyzer.state-dir",
                    Files.createTempDirectory("analyzer").toString());
            settings.put(
                    "aviary.analyzer.metrics-server", playground.prometheusUrl().toString());
            settings.put(
                    "quarkus.kubernetes-client.api-server-url", playground.url().toString());
            settings.put("quarkus.kubernetes-client.token", playground.token());
            settings.put("quarkus.kubernetes-client.trust-certs", "true");
            return settings;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static KubernetesClient client(Playground playground) {
        return new KubernetesClientBuilder()
                .withConfig(Config.fromKubeconfig(playground.kubeconfig().toFile()))
                .build();
    }

    /// Flagger's own schema is shown elsewhere; here everything is taken as it is.
    private static void crd(KubernetesClient kube, String kind) {
        var plural = kind.equals("Canary") ? "canaries" : "metrictemplates";
        var schema = new JSONSchemaPropsBuilder()
                .withType("object")
                .withXKubernetesPreserveUnknownFields(true)
                .build();
        var made = kube.resource(new CustomResourceDefinitionBuilder()
                .withNewMetadata()
                .withName(plural + ".flagger.app")
                .endMetadata()
                .withNewSpec()
                .withGroup("flagger.app")
                .withScope("Namespaced")
                .withNewNames()
                .withKind(kind)
                .withPlural(plural)
                .endNames()
                .addNewVersion()
                .withName("v1beta1")
                .withServed(true)
                .withStorage(true)
                .withNewSchema()
                .withOpenAPIV3Schema(schema)
                .endSchema()
                .endVersion()
                .endSpec()
                .build());
        made.create();
        made.waitUntilCondition(
                crd -> crd != null
                        && crd.getStatus() != null
                        && crd.getStatus().getConditions().stream()
                                .anyMatch(condition -> condition.getType().equals("Established")
                                        && condition.getStatus().equals("True")),
                20,
                TimeUnit.SECONDS);
    }

    @Override
    public void stop() {
        try {
            playground.close();
            broker.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
