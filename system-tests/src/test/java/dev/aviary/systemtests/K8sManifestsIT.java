package dev.aviary.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import dev.aviary.cli.Kube;
import dev.aviary.cli.pipeline.ServiceAccounts;
import dev.aviary.playground.Playground;
import io.fabric8.kubernetes.api.model.authorization.v1.ResourceAttributes;
import io.fabric8.kubernetes.api.model.authorization.v1.ResourceAttributesBuilder;
import io.fabric8.kubernetes.api.model.authorization.v1.SelfSubjectAccessReviewBuilder;
import io.fabric8.kubernetes.api.model.authorization.v1.SubjectAccessReviewBuilder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What stands in `k8s/`, as kustomize renders it and a real API server takes it.
class K8sManifestsIT {
    private static final Path K8S = Repository.ROOT.resolve("k8s");
    private static final Playground PLAYGROUND = Playground.shared();

    @TempDir
    static Path folder;

    private static Map<String, Path> kubeconfigs;

    @BeforeAll
    static void apply() {
        PLAYGROUND.apply("{apiVersion: v1, kind: Namespace, metadata: {name: shop}}");
        PLAYGROUND.apply(rendered("base"));
        try (var admin = Kube.of(PLAYGROUND.kubeconfig())) {
            kubeconfigs = ServiceAccounts.kubeconfigs(admin, folder, K8S.resolve("base"));
        }
    }

    private static String rendered(String path) {
        return PLAYGROUND.kubectl("kustomize", K8S.resolve(path).toString());
    }

    @ParameterizedTest
    @ValueSource(strings = {"base", "overlays/namespaced"})
    void theApiServerTakesEverythingAndWarnsOfNothing(String path) {
        assertThat(PLAYGROUND.apply(rendered(path)))
                .contains("deployment.apps/detector", "deployment.apps/router", "deployment.apps/analyzer")
                .contains("deployment.apps/notifier")
                .doesNotContainIgnoringCase("warning"); // such as a pod that the namespace's pod security would refuse
    }

    @Test
    void inOneNamespaceNoServiceHasARightInAllOfThem() {
        assertThat(rendered("overlays/namespaced")).doesNotContain("kind: ClusterRoleBinding");
    }

    @ParameterizedTest
    @ValueSource(strings = {"detector", "router", "analyzer", "notifier"})
    void eachServiceComesWithAKubeconfigOfItsOwnAccount(String service) throws Exception {
        assertThat(as(service, "auth", "whoami")).contains("system:serviceaccount:aviary-system:" + service);
        assertThat(Files.getPosixFilePermissions(kubeconfigs.get(service))).hasSize(2);
    }

    @ParameterizedTest
    @CsvSource({
        "detector, list, flagger.app/canaries, shop",
        "detector, watch, core/secrets, shop",
        "detector, create, coordination.k8s.io/leases, aviary-system",
        "detector, update, coordination.k8s.io/leases#aviary-detector, aviary-system",
        "router, update, flagger.app/canaries/status, shop",
        "router, patch, flagger.app/canaries, shop",
        "router, create, apps/deployments, shop",
        "router, update, gateway.networking.k8s.io/httproutes, shop",
        "router, watch, networking.istio.io/virtualservices, shop",
        "router, delete, core/pods, shop",
        "analyzer, get, core/secrets, shop",
        "analyzer, list, monitoring.coreos.com/podmonitors, shop",
        "analyzer, list, monitoring.coreos.com/servicemonitors, shop",
        "analyzer, list, core/services, shop",
        "notifier, create, core/events, shop",
        "notifier, get, flagger.app/alertproviders, shop",
    })
    void whatAServiceDoesItMay(String service, String verb, String resource, String namespace) {
        assertThat(may(service, verb, resource, namespace)).isTrue();
    }

    @ParameterizedTest
    @CsvSource({
        "detector, update, flagger.app/canaries, shop",
        "detector, patch, apps/deployments, shop",
        "detector, update, coordination.k8s.io/leases, shop",
        "detector, update, coordination.k8s.io/leases#another, aviary-system",
        "router, list, core/secrets, shop",
        "router, delete, apps/deployments, shop",
        "router, delete, core/services, shop",
        "router, list, core/pods, shop",
        "router, create, rbac.authorization.k8s.io/clusterroles, shop",
        "analyzer, list, core/secrets, shop",
        "analyzer, update, monitoring.coreos.com/podmonitors, shop",
        "analyzer, watch, core/services, shop",
        "analyzer, update, gateway.networking.k8s.io/httproutes, shop",
        "analyzer, patch, flagger.app/canaries, shop",
        "notifier, list, core/secrets, shop",
        "notifier, update, flagger.app/canaries, shop",
        "router, abort, aviary.dev/rollouts, shop",
    })
    void andNoMore(String service, String verb, String resource, String namespace) {
        assertThat(may(service, verb, resource, namespace)).isFalse();
    }

    @Test
    void aCommandIsAVerbThatIsGrantedByNamespace() {
        PLAYGROUND.apply("{apiVersion: v1, kind: Namespace, metadata: {name: other}}");
        PLAYGROUND.apply("""
                apiVersion: rbac.authorization.k8s.io/v1
                kind: RoleBinding
                metadata: {name: release-team, namespace: shop}
                roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: aviary-operator}
                subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: ada}]
                """);

        assertThat(mayAda("abort", "aviary.dev/rollouts", "shop")).isTrue();
        assertThat(mayAda("abort", "aviary.dev/rollouts", "other")).isFalse();
    }

    private static String as(String service, String... words) {
        return PLAYGROUND.kubectl(
                Stream.concat(Stream.of("--kubeconfig", kubeconfigs.get(service).toString()), Stream.of(words))
                        .toArray(String[]::new));
    }

    private static boolean may(String service, String verb, String resource, String namespace) {
        var review = new SelfSubjectAccessReviewBuilder()
                .withNewSpec()
                .withResourceAttributes(attributes(verb, resource, namespace))
                .endSpec()
                .build();
        try (var kube = Kube.of(kubeconfigs.get(service))) {
            return kube.authorization()
                    .v1()
                    .selfSubjectAccessReview()
                    .create(review)
                    .getStatus()
                    .getAllowed();
        }
    }

    private static boolean mayAda(String verb, String resource, String namespace) {
        var review = new SubjectAccessReviewBuilder()
                .withNewSpec()
                .withUser("ada")
                .withResourceAttributes(attributes(verb, resource, namespace))
                .endSpec()
                .build();
        try (var kube = Kube.of(PLAYGROUND.kubeconfig())) {
            return kube.authorization()
                    .v1()
                    .subjectAccessReview()
                    .create(review)
                    .getStatus()
                    .getAllowed();
        }
    }

    /// @param resource `GROUP/RESOURCE`, or `GROUP/RESOURCE/SUBRESOURCE`, or `GROUP/RESOURCE#NAME`; `core` has no group
    private static ResourceAttributes attributes(String verb, String resource, String namespace) {
        var name = resource.split("#");
        var parts = name[0].split("/");
        return new ResourceAttributesBuilder()
                .withVerb(verb)
                .withGroup(parts[0].equals("core") ? "" : parts[0])
                .withResource(parts[1])
                .withSubresource(parts.length > 2 ? parts[2] : null)
                .withName(name.length > 1 ? name[1] : null)
                .withNamespace(namespace)
                .build();
    }
}
