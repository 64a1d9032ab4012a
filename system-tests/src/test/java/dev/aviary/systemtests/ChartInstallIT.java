package dev.aviary.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import com.marcnuri.helm.Helm;
import dev.aviary.cli.Kube;
import dev.aviary.flagger.Canary;
import dev.aviary.flagger.MetricTemplate;
import dev.aviary.playground.Playground;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.client.KubernetesClient;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The example's chart, installed, upgraded and uninstalled by a real Helm on a real API server.
class ChartInstallIT {
    private static final Playground PLAYGROUND = Playground.shared();
    private static final KubernetesClient KUBE = Kube.of(PLAYGROUND.kubeconfig());
    private static final Helm CHART = new Helm(Repository.ROOT.resolve("examples/sms-checker/chart"));

    @BeforeAll
    static void crds() {
        PLAYGROUND.apply(PLAYGROUND.kubectl(
                "kustomize", Repository.ROOT.resolve("k8s/crds").toString()));
    }

    @AfterAll
    static void end() {
        KUBE.close();
    }

    @ParameterizedTest
    @CsvSource({"gatewayapi:v1, by-gateway", "istio, by-istio", "kubernetes, by-services"})
    void aReleaseOfHelmIsACanaryThatASecondOneChanges(String provider, String namespace) {
        var installed = CHART.install()
                .withName("sms-checker")
                .withNamespace(namespace)
                .createNamespace()
                .withKubeConfig(PLAYGROUND.kubeconfig())
                .set("provider", provider)
                .set("load.url", "http://gateway")
                .call();

        assertThat(installed.getStatus()).isEqualTo("deployed");
        var canary = KUBE.resources(Canary.class)
                .inNamespace(namespace)
                .withName("sms-checker")
                .get();
        assertThat(canary.getSpec().provider()).isEqualTo(provider);
        assertThat(KUBE.resources(MetricTemplate.class)
                        .inNamespace(namespace)
                        .list()
                        .getItems())
                .hasSize(3);
        assertThat(sleep(namespace)).isEqualTo("0");

        CHART.upgrade()
                .withName("sms-checker")
                .withNamespace(namespace)
                .withKubeConfig(PLAYGROUND.kubeconfig())
                .reuseValues()
                .set("sleepMs", "2000")
                .call();

        assertThat(sleep(namespace)).isEqualTo("2000");

        Helm.uninstall("sms-checker")
                .withNamespace(namespace)
                .withKubeConfig(PLAYGROUND.kubeconfig())
                .call();

        assertThat(KUBE.resources(Canary.class).inNamespace(namespace).list().getItems())
                .isEmpty();
    }

    private static String sleep(String namespace) {
        return KUBE
                .apps()
                .deployments()
                .inNamespace(namespace)
                .withName("sms-checker")
                .get()
                .getSpec()
                .getTemplate()
                .getSpec()
                .getContainers()
                .stream()
                .flatMap(container -> container.getEnv().stream())
                .filter(variable -> variable.getName().equals("SLEEP_MS"))
                .map(EnvVar::getValue)
                .findFirst()
                .orElseThrow();
    }
}
