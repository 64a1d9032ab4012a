package dev.aviary.flagger;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.client.utils.Serialization;
import org.junit.jupiter.api.Test;

class ResourcesTest {
    @Test
    void aFractionWhereFlaggerWantsAWholeNumberStopsNoDecoding() {
        var canary = canary("""
                analysis: {interval: 1m, threshold: 1.5, stepWeight: 10}
                """);

        assertThat(canary.getSpec().analysis().threshold()).isEqualByComparingTo("1.5");
    }

    @Test
    void whatWeDoNotKnowIsSkippedAtEveryLevel() {
        var canary = canary("""
                later: 1
                targetRef: {apiVersion: apps/v1, kind: Deployment, name: checkout, later: true}
                analysis: {interval: 1m, later: [], metrics: [{name: errors, later: {}}]}
                """);

        assertThat(canary.getSpec().targetRef().name()).isEqualTo("checkout");
        assertThat(canary.getSpec().analysis().metrics()).hasSize(1);
    }

    @Test
    void whatIsAbsentIsEmptyAndIsNotWrittenBack() {
        var canary = canary("""
                targetRef: {apiVersion: apps/v1, kind: Deployment, name: checkout}
                service: {port: 80, gatewayRefs: [{name: edge, group: ""}]}
                """);

        assertThat(canary.getSpec().service().hosts()).isEmpty();
        assertThat(canary.getSpec().service().gatewayRefs().getFirst().group()).isEmpty();
        assertThat(canary.getSpec().service().gatewayRefs().getFirst().kind()).isEqualTo("Gateway");
        assertThat(canary.getStatus()).isNull();
        assertThat(Serialization.asYaml(canary)).doesNotContain("hosts", "null", "status");
    }

    @Test
    void aPortMayBeAName() {
        assertThat(canary("service: {port: 80, targetPort: http}")
                        .getSpec()
                        .service()
                        .targetPort()
                        .getStrVal())
                .isEqualTo("http");
        assertThat(canary("service: {port: 80, targetPort: 8080}")
                        .getSpec()
                        .service()
                        .targetPort()
                        .getIntVal())
                .isEqualTo(8080);
    }

    @Test
    void theStatusIsReadAsFlaggerWroteIt() {
        var canary = Serialization.unmarshal("""
                apiVersion: flagger.app/v1beta1
                kind: Canary
                metadata: {name: checkout, namespace: shop}
                status:
                  phase: Succeeded
                  canaryWeight: 0
                  trackedConfigs: {configmap/checkout: 0123456789abcdef}
                  conditions:
                  - {type: Promoted, status: "True", reason: Succeeded, message: done, lastUpdateTime: "2026-01-01T00:00:00Z"}
                """, Canary.class);

        assertThat(canary.getStatus().phase()).isEqualTo("Succeeded");
        assertThat(canary.getStatus().trackedConfigs()).containsEntry("configmap/checkout", "0123456789abcdef");
        assertThat(canary.getStatus().condition("Promoted").orElseThrow().reason())
                .isEqualTo("Succeeded");
    }

    private static Canary canary(String spec) {
        return Serialization.unmarshal("""
                apiVersion: flagger.app/v1beta1
                kind: Canary
                metadata: {name: checkout, namespace: shop}
                spec:
                """ + spec.indent(2), Canary.class);
    }
}
