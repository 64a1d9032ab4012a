package dev.aviary.flagger;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.PodTemplateSpec;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class RevisionTest {
    private static final String WRITTEN = """
            metadata: {labels: {app: checkout}, annotations: {note: ""}}
            spec:
              serviceAccountName: checkout
              containers:
              - name: app
                image: shop/checkout:1
                args: []
                tty: false
                env: [{name: LEVEL, value: info}, {name: NOTHING, value: ""}, {name: NODE, valueFrom: {fieldRef: {fieldPath: spec.nodeName}}}]
                ports: [{containerPort: 8080}]
                resources: {limits: {cpu: 1000m, memory: 1024Mi}, requests: {memory: 0.5Gi}}
                readinessProbe: {httpGet: {port: 8080}, initialDelaySeconds: 0}
              volumes:
              - {name: config, configMap: {name: checkout}}
              - {name: tmp}
            """;
    private static final String DEFAULTED = """
            metadata: {labels: {app: checkout}, annotations: {note: ""}, creationTimestamp: null}
            spec:
              serviceAccountName: checkout
              serviceAccount: checkout
              dnsPolicy: ClusterFirst
              restartPolicy: Always
              schedulerName: default-scheduler
              securityContext: {}
              terminationGracePeriodSeconds: 30
              containers:
              - name: app
                image: shop/checkout:1
                imagePullPolicy: IfNotPresent
                terminationMessagePath: /dev/termination-log
                terminationMessagePolicy: File
                env: [{name: LEVEL, value: info}, {name: NOTHING}, {name: NODE, valueFrom: {fieldRef: {apiVersion: v1, fieldPath: spec.nodeName}}}]
                ports: [{containerPort: 8080, protocol: TCP}]
                resources: {limits: {cpu: "1", memory: 1Gi}, requests: {cpu: "1", memory: 512Mi}}
                readinessProbe: {httpGet: {port: 8080, path: /, scheme: HTTP}, timeoutSeconds: 1, periodSeconds: 10, successThreshold: 1, failureThreshold: 3}
              volumes:
              - {name: config, configMap: {name: checkout, defaultMode: 420}}
              - {name: tmp, emptyDir: {}}
            """;

    @Test
    void apiDefaultsMakeNoNewRevision() {
        assertThat(revision(DEFAULTED).name()).isEqualTo(revision(WRITTEN).name());
        assertThat(revision(DEFAULTED).changedSince(revision(WRITTEN))).isEmpty();
    }

    /// Who changes the canonical form must give it another version, or every upgrade starts a rollout.
    @Test
    void theNameOfARevisionNeverChanges() {
        assertThat(revision(WRITTEN).name()).isEqualTo("v1:bb7d709d3f028baf");
    }

    @Test
    void whatRunsOtherwiseIsANewRevision() {
        for (var change : Map.of(
                        "checkout:1", "checkout:2",
                        "value: info", "value: debug",
                        "cpu: 1000m", "cpu: 1001m",
                        "note: \"\"", "restartedAt: now",
                        "tty: false", "tty: true",
                        "containerPort: 8080", "containerPort: 8081",
                        "{name: tmp}", "{name: tmp, emptyDir: {medium: Memory}}",
                        "args: []", "args: [a]")
                .entrySet()) {
            assertThat(revision(WRITTEN.replace(change.getKey(), change.getValue()))
                            .name())
                    .as(change.getKey())
                    .isNotEqualTo(revision(WRITTEN).name());
        }
    }

    @Test
    void zeroAndFalseCountWhereTheyAreNoDefault() {
        var root = WRITTEN.replace("args: []", "securityContext: {runAsUser: 0, runAsNonRoot: false}");

        assertThat(revision(root).name()).isNotEqualTo(revision(WRITTEN).name());
    }

    @Test
    void whatChangedIsSaidByNameAndNeverByValue() {
        var after = WRITTEN.replace("checkout:1", "checkout:2")
                .replace("value: info", "value: s3cret")
                .replace("cpu: 1000m", "cpu: 2")
                .replace("note", "restartedAt")
                .replace("name: tmp", "name: scratch");

        assertThat(revision(after).changedSince(revision(WRITTEN)))
                .containsExactly(
                        "annotation note",
                        "annotation restartedAt",
                        "container app: env LEVEL",
                        "container app: image shop/checkout:1 → shop/checkout:2",
                        "container app: resources",
                        "volume scratch",
                        "volume tmp");
        assertThat(revision(after).toString()).doesNotContain("s3cret");
    }

    @Test
    void aTrackedConfigCounts() {
        var before = revision(WRITTEN, Map.of("configmap/checkout", Optional.of("1111111111111111")));
        var after = revision(WRITTEN, Map.of("configmap/checkout", Optional.of("2222222222222222")));

        assertThat(after.name()).isNotEqualTo(before.name());
        assertThat(after.changedSince(before)).containsExactly("ConfigMap checkout");
        assertThat(after.trackedConfigs()).containsExactly(Map.entry("configmap/checkout", "2222222222222222"));
    }

    @Test
    void aMissingConfigLeavesTheRevisionUnknownUnlessItIsOptional() {
        assertThat(Revision.of(template(WRITTEN), Map.of())).isEqualTo(new Revision.Missing("configmap/checkout"));

        var optional = WRITTEN.replace("configMap: {name: checkout}", "configMap: {name: checkout, optional: true}");
        assertThat(Revision.of(template(optional), Map.of())).isInstanceOf(Revision.Known.class);
    }

    @Test
    void everyWayToUseAConfigIsSeen() {
        var template = template("""
                spec:
                  initContainers:
                  - {name: init, envFrom: [{secretRef: {name: a}}, {configMapRef: {name: b, optional: true}}]}
                  containers:
                  - name: app
                    env:
                    - {name: A, valueFrom: {secretKeyRef: {name: c, key: k, optional: true}}}
                    - {name: B, valueFrom: {configMapKeyRef: {name: d, key: k}}}
                    - {name: C, valueFrom: {configMapKeyRef: {name: b, key: k}}}
                  volumes:
                  - {name: v, secret: {secretName: e}}
                  - {name: w, projected: {sources: [{configMap: {name: f}}, {secret: {name: g}}]}}
                """);

        assertThat(Configs.references(template))
                .isEqualTo(new TreeMap<>(Map.of(
                        "secret/a", false,
                        "configmap/b", false,
                        "secret/c", true,
                        "configmap/d", false,
                        "secret/e", false,
                        "configmap/f", false,
                        "secret/g", false)));
    }

    /// Printed by Flagger's own code: `fmt.Sprintf("%x", sha256.Sum256(json.Marshal(data)))[:16]`.
    @Test
    void checksumsAreFlaggersOwn() {
        assertThat(Configs.checksum(new ConfigMapBuilder()
                        .withNewMetadata()
                        .endMetadata()
                        .addToData("b", "<a> & \"b\"\n\t\\ \u2028 \u0001 \b ä 😀")
                        .addToData("a", "1")
                        .build()))
                .contains("95250e932109aa5a");
        assertThat(Configs.checksum(new SecretBuilder()
                        .withNewMetadata()
                        .endMetadata()
                        .withType("Opaque")
                        .addToData("token", "czNjcmV0")
                        .build()))
                .contains("9a4aa99001a8599b");
        assertThat(Configs.checksum(
                        new ConfigMapBuilder().withNewMetadata().endMetadata().build()))
                .contains("74234e98afe7498f");
    }

    @Test
    void someConfigsAreNotTracked() {
        assertThat(Configs.checksum(new ConfigMapBuilder()
                        .withNewMetadata()
                        .addToAnnotations("flagger.app/config-tracking", "disabled")
                        .endMetadata()
                        .build()))
                .isEmpty();
        assertThat(Configs.checksum(new SecretBuilder()
                        .withNewMetadata()
                        .endMetadata()
                        .withType("kubernetes.io/service-account-token")
                        .build()))
                .isEmpty();
    }

    private static Revision revision(String template) {
        return revision(template, Map.of("configmap/checkout", Optional.empty()));
    }

    private static Revision revision(String template, Map<String, Optional<String>> configs) {
        return ((Revision.Known) Revision.of(template(template), new HashMap<>(configs))).revision();
    }

    private static PodTemplateSpec template(String yaml) {
        return Serialization.unmarshal(yaml, PodTemplateSpec.class);
    }
}
