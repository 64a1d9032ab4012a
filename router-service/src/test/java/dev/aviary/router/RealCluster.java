package dev.aviary.router;

import dev.aviary.flagger.Canary;
import dev.aviary.playground.Playground;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinition;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinitionBuilder;
import io.fabric8.kubernetes.api.model.apiextensions.v1.JSONSchemaPropsBuilder;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// A real API server, and a namespace for each test.
public final class RealCluster {
    private static final AtomicInteger NAMESPACES = new AtomicInteger();

    private RealCluster() {}

    public static KubernetesClient client() {
        return client("aviary-router/test");
    }

    /// @param userAgent names the field manager of what is written
    public static KubernetesClient client(String userAgent) {
        var config = Config.fromKubeconfig(Playground.shared().kubeconfig().toFile());
        config.setUserAgent(userAgent);
        return new KubernetesClientBuilder().withConfig(config).build();
    }

    public static String namespace(KubernetesClient kube) {
        var name = "shop-%d-%d".formatted(ProcessHandle.current().pid(), NAMESPACES.incrementAndGet());
        kube.resource(new NamespaceBuilder()
                        .withNewMetadata()
                        .withName(name)
                        .endMetadata()
                        .build())
                .create();
        return name;
    }

    /// @param rest of the spec, indented by two
    public static Canary canary(KubernetesClient kube, String rest) {
        return canary(kube, namespace(kube), rest);
    }

    public static Canary canary(KubernetesClient kube, String namespace, String rest) {
        crds(kube);
        return kube.resource(parsed(namespace, rest)).create();
    }

    public static Canary parsed(String namespace, String rest) {
        var yaml = """
                apiVersion: flagger.app/v1beta1
                kind: Canary
                metadata: {namespace: %s, name: checkout}
                spec:
                  targetRef: {apiVersion: apps/v1, kind: Deployment, name: checkout}
                  analysis: {interval: 10s, threshold: 2, stepWeights: [5, 20]}
                %s""".formatted(namespace, rest.indent(2));
        return Serialization.unmarshal(yaml, Canary.class);
    }

    /// Flagger's own CRD is shown elsewhere; here everything that a Canary may say is taken as it is.
    private static synchronized void crds(KubernetesClient kube) {
        var crds = kube.apiextensions().v1().customResourceDefinitions();
        if (crds.withName("canaries.flagger.app").get() != null) {
            return;
        }
        var schema = new JSONSchemaPropsBuilder()
                .withType("object")
                .withXKubernetesPreserveUnknownFields(true)
                .build();
        kube.resource(new CustomResourceDefinitionBuilder()
                        .withNewMetadata()
                        .withName("canaries.flagger.app")
                        .endMetadata()
                        .withNewSpec()
                        .withGroup("flagger.app")
                        .withScope("Namespaced")
                        .withNewNames()
                        .withKind("Canary")
                        .withPlural("canaries")
                        .withSingular("canary")
                        .endNames()
                        .addNewVersion()
                        .withName("v1beta1")
                        .withServed(true)
                        .withStorage(true)
                        .withNewSubresources()
                        .withNewStatus()
                        .endStatus()
                        .endSubresources()
                        .withNewSchema()
                        .withOpenAPIV3Schema(schema)
                        .endSchema()
                        .endVersion()
                        .endSpec()
                        .build())
                .create();
        crds.withName("canaries.flagger.app").waitUntilCondition(RealCluster::isEstablished, 20, TimeUnit.SECONDS);
    }

    private static boolean isEstablished(@Nullable CustomResourceDefinition crd) {
        return crd != null
                && crd.getStatus() != null
                && crd.getStatus().getConditions().stream()
                        .anyMatch(condition ->
                                "Established".equals(condition.getType()) && "True".equals(condition.getStatus()));
    }
}
