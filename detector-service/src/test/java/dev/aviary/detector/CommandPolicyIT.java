package dev.aviary.detector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.aviary.playground.Playground;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// `k8s/base/admission-policy.yaml` on a real API server, with plain kubectl.
class CommandPolicyIT {
    private static final String ALICE = "system:serviceaccount:people:alice";
    private static final AtomicInteger IDS = new AtomicInteger();
    private static Playground playground;
    private static String alice;

    @BeforeAll
    static void install() throws IOException {
        playground = Playground.minimal();
        playground.apply(Files.readString(Path.of("..", "k8s", "crds", "canaries.yaml")));
        playground.kubectl("wait", "--for=condition=Established", "--timeout=30s", "crd/canaries.flagger.app");
        alice = playground
                .kubeconfigWith(playground.serviceAccountToken("people", "alice"), "alice")
                .toString();
        playground.apply("""
                apiVersion: v1
                kind: Namespace
                metadata: {name: shop}
                ---
                apiVersion: rbac.authorization.k8s.io/v1
                kind: Role
                metadata: {name: releases, namespace: shop}
                rules:
                - {apiGroups: [flagger.app], resources: [canaries], verbs: [get, list, patch, update]}
                - {apiGroups: [aviary.dev], resources: [rollouts], verbs: [pause, resume, label]}
                ---
                apiVersion: rbac.authorization.k8s.io/v1
                kind: RoleBinding
                metadata: {name: releases, namespace: shop}
                subjects: [{kind: ServiceAccount, name: alice, namespace: people}]
                roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: releases}
                ---
                apiVersion: flagger.app/v1beta1
                kind: Canary
                metadata: {name: checkout, namespace: shop}
                spec:
                  targetRef: {apiVersion: apps/v1, kind: Deployment, name: checkout}
                  analysis: {interval: 10s, threshold: 1, stepWeight: 10}
                """);
        playground.apply(Files.readString(Path.of("..", "k8s", "base", "admission-policy.yaml")));
        // A new policy is in force a moment after it was written.
        await().atMost(Duration.ofSeconds(30))
                .pollInterval(Duration.ofMillis(200))
                .until(() -> !canAnnotate("pause", "somebody"));
    }

    @AfterAll
    static void end() {
        playground.close();
    }

    private static boolean canAnnotate(String verb, String by) {
        try {
            command(verb, by);
            return true;
        } catch (IllegalStateException refused) {
            return false;
        }
    }

    @Test
    void whoMayAndSaysWhoItIsIsHeard() {
        command("pause", ALICE);

        assertThat(playground.kubectl("-n", "shop", "get", "canary/checkout", "-o", "jsonpath={.metadata.annotations}"))
                .contains("\"aviary.dev/command\":\"pause\"", ALICE);
    }

    @Test
    void anotherNameIsRefused() {
        assertThatThrownBy(() -> command("pause", "bob"))
                .hasMessageContaining(
                        "aviary.dev/command-by must be who sends the request, \"" + ALICE + "\"; it is \"bob\"");
    }

    @Test
    void aVerbThatRbacDoesNotAllowIsRefused() {
        assertThatThrownBy(() -> command("promote", ALICE))
                .hasMessageContaining("may not promote here: RBAC must allow the verb promote on rollouts.aviary.dev");
    }

    @Test
    void anUnknownCommandIsRefusedWithTheKnownOnes() {
        assertThatThrownBy(() -> command("stop", ALICE))
                .hasMessageContaining("aviary.dev/command is \"stop\"; known: pause");
    }

    @Test
    void whatASaidCommandSaysCanNotBeChanged() {
        command("pause", ALICE);

        assertThatThrownBy(() -> annotate("aviary.dev/command=resume"))
                .hasMessageContaining("change only together with a new aviary.dev/command-id");
        assertThatThrownBy(() -> annotate("aviary.dev/command-why=because"))
                .hasMessageContaining("change only together with a new aviary.dev/command-id");
    }

    @Test
    void aLabelNeedsARolloutAndOneOfTwoWords() {
        assertThatThrownBy(() -> command("label", ALICE))
                .hasMessageContaining(
                        "aviary.dev/command-rollout is \"\"; a label needs the number of a rollout, from 1");
        assertThatThrownBy(() -> label("0", "good", ALICE)).hasMessageContaining("aviary.dev/command-rollout is \"0\"");
        assertThatThrownBy(() -> label("last", "good", ALICE))
                .hasMessageContaining("aviary.dev/command-rollout is \"last\"");
        assertThatThrownBy(() -> label("3", "splendid", ALICE))
                .hasMessageContaining("aviary.dev/command-outcome is \"splendid\"; a label is good or bad");
        assertThatThrownBy(() -> label("3", "bad", "bob")).hasMessageContaining("it is \"bob\"");

        label("3", "bad", ALICE);

        assertThatThrownBy(() -> annotate("aviary.dev/command-outcome=good"))
                .hasMessageContaining("change only together with a new aviary.dev/command-id");
        assertThatThrownBy(() -> annotate("aviary.dev/command-rollout=2"))
                .hasMessageContaining("change only together with a new aviary.dev/command-id");
        // What it leaves behind is no hindrance to the next command.
        command("pause", ALICE);
        clear();
    }

    @Test
    void whatIsNoCommandIsNoneOfItsBusiness() {
        command("resume", ALICE);

        annotate("team=a");
        playground.kubectl(
                "--kubeconfig",
                alice,
                "-n",
                "shop",
                "patch",
                "canary/checkout",
                "--type=merge",
                "-p",
                "{\"spec\": {\"suspend\": false}}");
        clear();
        assertThat(playground.kubectl("-n", "shop", "get", "canary/checkout", "-o", "jsonpath={.metadata.annotations}"))
                .doesNotContain("aviary.dev/command");
    }

    @Test
    void aCanaryThatIsMadeWithACommandIsAskedToo() {
        assertThatThrownBy(() -> playground.apply("""
                apiVersion: flagger.app/v1beta1
                kind: Canary
                metadata:
                  name: other
                  namespace: shop
                  annotations: {aviary.dev/command: promote, aviary.dev/command-id: "1", aviary.dev/command-by: alice}
                spec:
                  targetRef: {apiVersion: apps/v1, kind: Deployment, name: other}
                  analysis: {interval: 10s, threshold: 1, stepWeight: 10}
                """))
                .hasMessageContaining("aviary.dev/command-by must be who sends the request");
    }

    private static void command(String verb, String by) {
        annotate(
                "aviary.dev/command=" + verb,
                "aviary.dev/command-id=" + IDS.incrementAndGet(),
                "aviary.dev/command-by=" + by,
                "aviary.dev/command-why=looks wrong");
    }

    private static void label(String rollout, String outcome, String by) {
        annotate(
                "aviary.dev/command=label",
                "aviary.dev/command-rollout=" + rollout,
                "aviary.dev/command-outcome=" + outcome,
                "aviary.dev/command-id=" + IDS.incrementAndGet(),
                "aviary.dev/command-by=" + by,
                "aviary.dev/command-why=a customer called");
    }

    private static void clear() {
        annotate(
                "aviary.dev/command-",
                "aviary.dev/command-id-",
                "aviary.dev/command-by-",
                "aviary.dev/command-why-",
                "aviary.dev/command-rollout-",
                "aviary.dev/command-outcome-");
    }

    private static void annotate(String... annotations) {
        var arguments = new java.util.ArrayList<>(
                java.util.List.of("--kubeconfig", alice, "-n", "shop", "annotate", "--overwrite", "canary/checkout"));
        arguments.addAll(java.util.List.of(annotations));
        playground.kubectl(arguments.toArray(String[]::new));
    }
}
