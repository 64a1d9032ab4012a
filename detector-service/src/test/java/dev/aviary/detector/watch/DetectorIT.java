package dev.aviary.detector.watch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.aviary.eventlog.codec.Read;
import dev.aviary.events.CanaryApplied;
import dev.aviary.events.CanaryDeleted;
import dev.aviary.events.CanaryRejected;
import dev.aviary.events.DetectorEvent;
import dev.aviary.events.OperatorCommanded;
import dev.aviary.events.OperatorCommanded.Verb;
import dev.aviary.events.RevisionDetected;
import dev.aviary.events.RolloutLabelled;
import dev.aviary.events.WorkloadChanged;
import dev.aviary.events.WorkloadChanged.Role;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class DetectorIT {
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    @RegisterExtension
    static final Surroundings AROUND = new Surroundings();

    @Test
    void aNewTemplateIsOnTheLogInWords() {
        var shop = AROUND.namespace();
        AROUND.detector(shop);
        canary(shop, "checkout", "istio");
        deployment(shop, "checkout", "1");
        awaitSaid(shop, "checkout", RevisionDetected.class, 1);

        deployment(shop, "checkout", "2");

        var detected = awaitSaid(shop, "checkout", RevisionDetected.class, 2).getLast();
        assertThat(detected.images()).containsExactly("shop/checkout:2");
        assertThat(detected.changed()).containsExactly("container app: image shop/checkout:1 → shop/checkout:2");
        assertThat(AROUND.said(shop, "checkout").getFirst()).isInstanceOf(CanaryApplied.class);
    }

    @Test
    void whatOnlyScalesOrLabelsIsNoRevision() {
        var shop = AROUND.namespace();
        AROUND.detector(shop);
        canary(shop, "checkout", "istio");
        deployment(shop, "checkout", "1");
        awaitSaid(shop, "checkout", RevisionDetected.class, 1);

        AROUND.playground().kubectl("-n", shop, "scale", "deployment/checkout", "--replicas=3");
        AROUND.playground().kubectl("-n", shop, "label", "deployment/checkout", "team=a");
        await().atMost(PATIENCE)
                .until(() -> AROUND.said(shop, "checkout", WorkloadChanged.class).stream()
                        .anyMatch(changed -> changed.replicas().desired() == 3));

        assertThat(AROUND.said(shop, "checkout", RevisionDetected.class)).hasSize(1);
    }

    @Test
    void aChangedConfigIsARevisionAndAMissingOneIsSaid() {
        var shop = AROUND.namespace();
        AROUND.detector(shop);
        canary(shop, "checkout", "istio");
        deployment(shop, "checkout", "1", "envFrom: [{configMapRef: {name: levels}}, {secretRef: {name: keys}}]");
        await().atMost(PATIENCE)
                .until(() -> AROUND.said(shop, "checkout", WorkloadChanged.class).stream()
                        .anyMatch(changed -> changed.stuck()
                                .filter("ConfigMap levels, which its pods use, isn't there"::equals)
                                .isPresent()));
        assertThat(AROUND.said(shop, "checkout", RevisionDetected.class)).isEmpty();

        config(shop, "info");
        secret(shop, "s3cret");
        awaitSaid(shop, "checkout", RevisionDetected.class, 1);
        config(shop, "debug");
        var byConfig = awaitSaid(shop, "checkout", RevisionDetected.class, 2).getLast();
        secret(shop, "0ther");
        var bySecret = awaitSaid(shop, "checkout", RevisionDetected.class, 3).getLast();

        assertThat(byConfig.changed()).containsExactly("ConfigMap levels");
        assertThat(byConfig.trackedConfigs()).containsOnlyKeys("configmap/levels", "secret/keys");
        assertThat(bySecret.changed()).containsExactly("Secret keys");
    }

    @Test
    void aRestartSaysNothingNewAndNothingIsLostMeanwhile() {
        var shop = AROUND.namespace();
        var first = AROUND.detector(shop);
        canary(shop, "checkout", "istio");
        deployment(shop, "checkout", "1");
        command(shop, "checkout", "1", "pause");
        awaitSaid(shop, "checkout", OperatorCommanded.class, 1);
        awaitSaid(shop, "checkout", WorkloadChanged.class, 1);
        first.close();
        var before = AROUND.said(shop, "checkout");

        var second = AROUND.detector(shop);
        deployment(shop, "other", "1");
        canary(shop, "other", "istio");
        awaitSaid(shop, "other", RevisionDetected.class, 1);
        assertThat(AROUND.said(shop, "checkout")).isEqualTo(before);
        second.close();

        deployment(shop, "checkout", "2");
        AROUND.detector(shop);
        awaitSaid(shop, "checkout", RevisionDetected.class, 2);
        assertThat(AROUND.said(shop, "checkout", CanaryApplied.class)).hasSize(1);
        assertThat(AROUND.said(shop, "checkout", OperatorCommanded.class)).hasSize(1);
    }

    @Test
    void deletedAndMadeAnewIsAnotherCanary() {
        var shop = AROUND.namespace();
        AROUND.detector(shop);
        deployment(shop, "checkout", "1");
        canary(shop, "checkout", "istio");
        awaitSaid(shop, "checkout", RevisionDetected.class, 1);

        AROUND.playground().kubectl("-n", shop, "delete", "canary/checkout");
        awaitSaid(shop, "checkout", CanaryDeleted.class, 1);
        canary(shop, "checkout", "istio");

        awaitSaid(shop, "checkout", RevisionDetected.class, 2);
        assertThat(AROUND.said(shop, "checkout", CanaryApplied.class))
                .extracting(CanaryApplied::uid)
                .doesNotHaveDuplicates()
                .hasSize(2);
        assertThat(ids(shop, "checkout")).doesNotHaveDuplicates();
    }

    @Test
    void flaggersFinalizerIsSaidAndReadinessGoesOn() {
        var shop = AROUND.namespace();
        AROUND.detector(shop);
        deployment(shop, "checkout", "1");
        canary(shop, "checkout", "istio");
        awaitSaid(shop, "checkout", RevisionDetected.class, 1);
        AROUND.playground()
                .kubectl(
                        "-n",
                        shop,
                        "patch",
                        "canary/checkout",
                        "--type=merge",
                        "-p",
                        "{\"metadata\": {\"finalizers\": [\"finalizer.flagger.app\"]}}");
        AROUND.playground().kubectl("-n", shop, "delete", "canary/checkout", "--wait=false");

        assertThat(awaitSaid(shop, "checkout", CanaryDeleted.class, 1)
                        .getFirst()
                        .revertOnDeletion())
                .isTrue();
        AROUND.playground().kubectl("-n", shop, "scale", "deployment/checkout", "--replicas=4");
        await().atMost(PATIENCE)
                .until(() -> AROUND.said(shop, "checkout", WorkloadChanged.class).stream()
                        .anyMatch(changed -> changed.replicas().desired() == 4));
        AROUND.playground()
                .kubectl(
                        "-n",
                        shop,
                        "patch",
                        "canary/checkout",
                        "--type=merge",
                        "-p",
                        "{\"metadata\": {\"finalizers\": null}}");
        assertThat(AROUND.said(shop, "checkout", CanaryDeleted.class)).hasSize(1);
    }

    @Test
    void aBadCanaryIsRejectedOnceWhileOthersGoOn() {
        var shop = AROUND.namespace();
        AROUND.detector(shop);
        deployment(shop, "checkout", "1");
        deployment(shop, "cart", "1");
        canary(shop, "cart", "traefik");
        canary(shop, "checkout", "istio");

        awaitSaid(shop, "checkout", RevisionDetected.class, 1);
        assertThat(awaitSaid(shop, "cart", CanaryRejected.class, 1).getFirst().sentence())
                .contains("Canary %s/cart: spec.provider is \"traefik\"".formatted(shop));
        assertThat(AROUND.said(shop, "cart")).hasSize(1);

        canary(shop, "cart", "istio");
        awaitSaid(shop, "cart", RevisionDetected.class, 1);
        assertThat(AROUND.said(shop, "cart", CanaryRejected.class)).hasSize(1);
    }

    @Test
    void aFractionWhereAWholeNumberBelongsStopsNoOtherCanary() { // D13: the schema takes it, Flagger's code can't
        var shop = AROUND.namespace();
        deployment(shop, "checkout", "1");
        deployment(shop, "cart", "1");
        canary(shop, "cart", "istio", "canaryReadyThreshold: 66.5");
        canary(shop, "checkout", "istio");
        AROUND.detector(shop);

        assertThat(awaitSaid(shop, "cart", CanaryRejected.class, 1).getFirst().sentence())
                .contains("spec.analysis.canaryReadyThreshold is 66.5; it must be a whole number");
        awaitSaid(shop, "checkout", RevisionDetected.class, 1);
        deployment(shop, "checkout", "2");
        awaitSaid(shop, "checkout", RevisionDetected.class, 2);
    }

    @Test
    void aTemplateThatComesLaterPutsItRight() {
        var shop = AROUND.namespace();
        AROUND.detector(shop);
        deployment(shop, "checkout", "1");
        canary(shop, "checkout", "istio", "metrics: [{name: errors, templateRef: {name: errors}}]");
        assertThat(awaitSaid(shop, "checkout", CanaryRejected.class, 1)
                        .getFirst()
                        .why())
                .contains("MetricTemplate %s/errors, which isn't there".formatted(shop));

        AROUND.playground().apply("""
                apiVersion: flagger.app/v1beta1
                kind: MetricTemplate
                metadata: {name: errors, namespace: %s}
                spec: {provider: {type: prometheus, address: "http://p"}, query: "errors{ns='{{ namespace }}'}"}
                """.formatted(shop));

        var applied = awaitSaid(shop, "checkout", CanaryApplied.class, 1).getFirst();
        assertThat(applied.spec().metrics().getFirst().source().toString()).contains("errors{ns='" + shop + "'}");
    }

    @Test
    void anIdleChangeOfTheCanaryIsNoNews() {
        var shop = AROUND.namespace();
        AROUND.detector(shop);
        deployment(shop, "checkout", "1");
        canary(shop, "checkout", "istio");
        awaitSaid(shop, "checkout", WorkloadChanged.class, 1);

        AROUND.playground().kubectl("-n", shop, "annotate", "canary/checkout", "team=a");
        command(shop, "checkout", "7", "abort");

        var commanded = awaitSaid(shop, "checkout", OperatorCommanded.class, 1).getFirst();
        assertThat(commanded).isEqualTo(new OperatorCommanded("7", Verb.ABORT, "alice", "looks wrong"));
        assertThat(AROUND.said(shop, "checkout", CanaryApplied.class)).hasSize(1);
    }

    @Test
    void aLabelIsSaidOnceAndARestartKnowsIt() {
        var shop = AROUND.namespace();
        var first = AROUND.detector(shop);
        deployment(shop, "checkout", "1");
        canary(shop, "checkout", "istio");
        awaitSaid(shop, "checkout", WorkloadChanged.class, 1);

        command(shop, "checkout", "8", "label", "aviary.dev/command-rollout=3", "aviary.dev/command-outcome=bad");
        assertThat(awaitSaid(shop, "checkout", RolloutLabelled.class, 1))
                .containsExactly(new RolloutLabelled("8", 3, RolloutLabelled.Outcome.BAD, "alice", "looks wrong"));
        first.close();

        AROUND.detector(shop);
        command(shop, "checkout", "9", "pause");
        awaitSaid(shop, "checkout", OperatorCommanded.class, 1);
        assertThat(AROUND.said(shop, "checkout", RolloutLabelled.class)).hasSize(1);
    }

    @Test
    void readinessAndWhyAPodIsStuckAreSaid() {
        var shop = AROUND.namespace();
        AROUND.detector(shop);
        deployment(shop, "checkout", "1");
        canary(shop, "checkout", "istio");
        awaitSaid(shop, "checkout", WorkloadChanged.class, 1);

        AROUND.playground().apply("""
                apiVersion: v1
                kind: Pod
                metadata: {name: checkout-1, namespace: %s, labels: {app: checkout}}
                spec: {containers: [{name: app, image: "shop/checkout:1"}]}
                """.formatted(shop));
        status(shop, "pod/checkout-1", """
                {"status": {"containerStatuses": [{"name": "app", "ready": false, "image": "a", "imageID": "", "restartCount": 1,
                  "state": {"waiting": {"reason": "ImagePullBackOff", "message": "Back-off pulling image"}}}]}}""");
        await().atMost(PATIENCE)
                .until(() -> AROUND.said(shop, "checkout", WorkloadChanged.class)
                        .getLast()
                        .stuck()
                        .filter("ImagePullBackOff: container app: Back-off pulling image"::equals)
                        .isPresent());

        status(shop, "deployment/checkout", """
                {"status": {"observedGeneration": 1, "replicas": 1, "updatedReplicas": 1, "availableReplicas": 1, "readyReplicas": 1}}""");
        await().atMost(PATIENCE)
                .until(() -> AROUND.said(shop, "checkout", WorkloadChanged.class)
                        .getLast()
                        .replicas()
                        .ready(100));
        var ready = AROUND.said(shop, "checkout", WorkloadChanged.class).getLast();
        assertThat(ready.stuck()).isEmpty();
        assertThat(ready.revision())
                .isEqualTo(AROUND.said(shop, "checkout", RevisionDetected.class)
                        .getLast()
                        .revision());
    }

    @Test
    void thePrimarysRevisionIsWhatTheRouterWroteOnIt() {
        var shop = AROUND.namespace();
        AROUND.detector(shop);
        deployment(shop, "checkout", "1");
        canary(shop, "checkout", "istio");
        awaitSaid(shop, "checkout", WorkloadChanged.class, 1);

        deployment(shop, "checkout-primary", "1");
        AROUND.playground()
                .kubectl("-n", shop, "annotate", "deployment/checkout-primary", "aviary.dev/revision=v1:abc");

        await().atMost(PATIENCE)
                .until(() -> AROUND.said(shop, "checkout", WorkloadChanged.class).stream()
                        .anyMatch(changed -> changed.role() == Role.PRIMARY
                                && changed.revision().equals("v1:abc")));
    }

    @Test
    void anApiServersRestartNeitherLosesNorInventsARevision() {
        var shop = AROUND.namespace();
        AROUND.candidate(shop, "one");
        deployment(shop, "checkout", "1");
        canary(shop, "checkout", "istio");
        awaitSaid(shop, "checkout", RevisionDetected.class, 1);
        awaitSaid(shop, "checkout", WorkloadChanged.class, 1);
        var before = AROUND.said(shop, "checkout");

        long pid = AROUND.playground().pid("kube-apiserver");
        ProcessHandle.of(pid).orElseThrow().destroyForcibly();
        await().atMost(Duration.ofSeconds(60)).ignoreExceptions().until(() -> {
            deployment(shop, "other", "1");
            return true;
        });
        await().atMost(Duration.ofSeconds(60)).ignoreExceptions().until(() -> {
            canary(shop, "other", "istio");
            return true;
        });
        await().atMost(Duration.ofSeconds(60))
                .until(() -> !AROUND.said(shop, "other", RevisionDetected.class).isEmpty());
        assertThat(AROUND.said(shop, "checkout")).isEqualTo(before);

        deployment(shop, "checkout", "2");
        await().atMost(Duration.ofSeconds(60))
                .until(() ->
                        AROUND.said(shop, "checkout", RevisionDetected.class).size() == 2);
    }

    @Test
    void ofTwoDetectorsOneIsActiveAndTheOtherTakesOver() {
        var shop = AROUND.namespace();
        deployment(shop, "checkout", "1");
        canary(shop, "checkout", "istio");
        var one = AROUND.candidate(shop, "one");
        awaitSaid(shop, "checkout", WorkloadChanged.class, 1);
        AROUND.candidate(shop, "two");

        deployment(shop, "checkout", "2");
        awaitSaid(shop, "checkout", RevisionDetected.class, 2);
        one.close();
        deployment(shop, "checkout", "3");

        awaitSaid(shop, "checkout", RevisionDetected.class, 3);
        assertThat(ids(shop, "checkout")).doesNotHaveDuplicates();
    }

    /// A new pod template is on the log within a second, of 100 canaries too.
    @Test
    void ofAHundredCanariesEachIsHeardWithinASecond() {
        var shop = AROUND.namespace();
        AROUND.detector(shop);
        for (int i = 0; i < 100; i++) {
            deployment(shop, "app-" + i, "1");
            canary(shop, "app-" + i, "istio");
        }
        awaitSaid(shop, "app-99", RevisionDetected.class, 1);

        var written = new HashMap<String, Instant>();
        for (int i = 0; i < 100; i++) {
            AROUND.kube()
                    .apps()
                    .deployments()
                    .inNamespace(shop)
                    .withName("app-" + i)
                    .edit(found -> {
                        found.getSpec()
                                .getTemplate()
                                .getSpec()
                                .getContainers()
                                .getFirst()
                                .setImage("shop/checkout:2");
                        return found;
                    });
            written.put("app-" + i, Instant.now());
        }
        awaitSaid(shop, "app-99", RevisionDetected.class, 2);

        var delays = new ArrayList<Long>();
        AROUND.entries().forEach(entry -> {
            var at = written.get(entry.key().name());
            if (at != null
                    && entry.key().namespace().equals(shop)
                    && entry.read() instanceof Read.Event(var logged)
                    && logged.event() instanceof RevisionDetected detected
                    && detected.images().contains("shop/checkout:2")) {
                delays.add(Duration.between(at, entry.timestamp()).toMillis());
            }
        });
        delays.sort(Long::compare);
        System.out.printf("new template to log: p50 %d ms, p99 %d ms%n", delays.get(49), delays.get(98));
        assertThat(delays).hasSize(100);
        assertThat(delays.get(98)).isLessThan(1000);
    }

    private static <T extends DetectorEvent> List<T> awaitSaid(
            String namespace, String canary, Class<T> type, int atLeast) {
        await().atMost(PATIENCE)
                .pollInterval(Duration.ofMillis(100))
                .until(() -> AROUND.said(namespace, canary, type).size() >= atLeast);
        return AROUND.said(namespace, canary, type);
    }

    private static List<String> ids(String namespace, String canary) {
        return AROUND.entries(namespace, canary).stream()
                .map(entry -> ((Read.Event) entry.read()).logged().id())
                .toList();
    }

    private static void canary(String namespace, String name, String provider) {
        canary(namespace, name, provider, "metrics: []");
    }

    private static void canary(String namespace, String name, String provider, String metrics) {
        AROUND.kube()
                .resource("""
                        apiVersion: flagger.app/v1beta1
                        kind: Canary
                        metadata: {name: %1$s, namespace: %2$s}
                        spec:
                          provider: %3$s
                          targetRef: {apiVersion: apps/v1, kind: Deployment, name: %1$s}
                          service: {port: 80}
                          analysis:
                            interval: 10s
                            threshold: 1
                            stepWeights: [5, 50]
                            %4$s
                        """.formatted(name, namespace, provider, metrics))
                .forceConflicts()
                .serverSideApply();
    }

    private static void deployment(String namespace, String name, String version) {
        deployment(namespace, name, version, "env: []");
    }

    private static void deployment(String namespace, String name, String version, String rest) {
        AROUND.kube()
                .resource("""
                        apiVersion: apps/v1
                        kind: Deployment
                        metadata: {name: %1$s, namespace: %2$s}
                        spec:
                          selector: {matchLabels: {app: %1$s}}
                          template:
                            metadata: {labels: {app: %1$s}}
                            spec:
                              containers:
                              - name: app
                                image: shop/checkout:%3$s
                                %4$s
                        """.formatted(name, namespace, version, rest))
                .forceConflicts()
                .serverSideApply();
    }

    private static void config(String namespace, String level) {
        AROUND.playground().apply("""
                apiVersion: v1
                kind: ConfigMap
                metadata: {name: levels, namespace: %s}
                data: {level: %s}
                """.formatted(namespace, level));
    }

    private static void secret(String namespace, String key) {
        AROUND.playground().apply("""
                apiVersion: v1
                kind: Secret
                metadata: {name: keys, namespace: %s}
                stringData: {key: %s}
                """.formatted(namespace, key));
    }

    private static void command(String namespace, String canary, String id, String verb, String... more) {
        var arguments = new ArrayList<>(List.of(
                "-n",
                namespace,
                "annotate",
                "--overwrite",
                "canary/" + canary,
                "aviary.dev/command=" + verb,
                "aviary.dev/command-id=" + id,
                "aviary.dev/command-by=alice",
                "aviary.dev/command-why=looks wrong"));
        arguments.addAll(List.of(more));
        AROUND.playground().kubectl(arguments.toArray(String[]::new));
    }

    private static void status(String namespace, String object, String patch) {
        AROUND.playground()
                .kubectl("-n", namespace, "patch", object, "--subresource=status", "--type=merge", "-p", patch);
    }
}
