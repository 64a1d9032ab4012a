package dev.aviary.playground;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class MinimalPlaygroundIT {
    private final Playground playground = Playground.shared();

    @Test
    void servesTheRoutesOfBothMeshes() {
        assertThat(playground.kubectl("api-resources", "-o", "name"))
                .contains("httproutes.gateway.networking.k8s.io", "virtualservices.networking.istio.io");
    }

    @Test
    void aServiceAccountMayOnlyDoWhatItsRolesSay() {
        var config = playground.kubeconfigWith(playground.serviceAccountToken("shop", "reader"), "reader");

        assertThat(playground.kubectl("--kubeconfig", config.toString(), "auth", "whoami"))
                .contains("system:serviceaccount:shop:reader");
        assertThatThrownBy(() -> playground.kubectl("--kubeconfig", config.toString(), "get", "secrets", "-n", "shop"))
                .hasMessageContaining("forbidden");
    }
}
