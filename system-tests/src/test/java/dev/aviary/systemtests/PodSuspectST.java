package dev.aviary.systemtests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.aviary.cli.demo.LoadGenerator;
import dev.aviary.events.CanaryApplied;
import dev.aviary.events.Percent;
import dev.aviary.events.PodRemoved;
import dev.aviary.events.PodSuspected;
import dev.aviary.events.Promoted;
import dev.aviary.events.RolledBack;
import dev.aviary.events.TrafficShifted;
import io.fabric8.kubernetes.api.model.Pod;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;

/// A good release of which one pod of three falls ill: the pod is replaced, and the release goes on to its end. Unless
/// its owner prefers it to go back.
///
/// Of two pods, the other one has four requests or so in the time of the four failures that prove harm, and with three
/// the version would be to blame: in doubt.
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
@Order(5) // it takes long, so it begins early
class PodSuspectST {
    private static final RealWorld WORLD = RealWorld.shared();
    private static Shop shop;
    private static LoadGenerator load;

    @BeforeAll
    static void anAppUnderLoad() {
        shop = Shop.open(
                WORLD,
                "suspect",
                Map.of("replicas: 2", "replicas: 3", "stepWeights: [5,10,50]", "stepWeights: [20,50]"));
        shop.awaitPhase("Initialized");
        load = shop.load(100);
    }

    @AfterAll
    static void noMoreLoad() {
        load.close();
    }

    @Test
    @Order(1)
    void onePodOfThreeThatIsSlowIsReplacedAndTheReleaseGoesOn() throws Exception {
        int before = shop.heard();
        var ill = releasedAndOnePodIll("v2-good", before);

        var suspected = (PodSuspected) shop.awaitEvent("pod suspect", before, PodSuspected.class::isInstance);
        assertThat(suspected.pod()).isEqualTo(ill.getMetadata().getName());
        assertThat(suspected.node()).isEqualTo(ill.getSpec().getNodeName());
        assertThat(suspected.reason())
                .startsWith("request-p99: ")
                .contains(" to pod " + suspected.pod())
                .contains("the pod is suspect, not the version");
        shop.awaitEvent("the pod is gone", before, PodRemoved.class::isInstance);
        await("another pod in its place")
                .atMost(RealWorld.patience())
                .untilAsserted(() -> assertThat(canaryPods())
                        .hasSize(3)
                        .noneMatch(pod -> pod.getMetadata().getName().equals(suspected.pod())));

        shop.awaitEvent("promoted", before, Promoted.class::isInstance);
        assertThat(shop.words(before))
                .containsSubsequence(
                        "StepStarted 20",
                        "TrafficShifted 20",
                        "PodSuspected",
                        "PodReplacementStarted",
                        "PodRemoved",
                        "CheckCompleted PASSED",
                        "StepStarted 50",
                        "CheckCompleted PASSED",
                        "PromotionStarted",
                        "Promoted")
                .doesNotContain("RollbackStarted", "GuardTripped")
                .containsOnlyOnce("PodReplacementStarted");
        await("Kubernetes events say why")
                .atMost(RealWorld.patience())
                .untilAsserted(() -> assertThat(shop.kubernetesEvents())
                        .anySatisfy(
                                event -> assertThat(event.getMessage()).contains("Replacing pod " + suspected.pod())));
    }

    @Test
    @Order(2)
    void onePodOfThreeThatIsSlowTakesTheReleaseBackWhereItsOwnerWantsThat() throws Exception {
        int applied = shop.heard();
        shop.annotate(Map.of("aviary.dev/guard-suspect", "rollback"));
        shop.awaitEvent("the setting", applied, CanaryApplied.class::isInstance);
        int before = shop.heard();
        var ill = releasedAndOnePodIll("v3-good", before);

        var back = (RolledBack) shop.awaitEvent("rolled back", before, RolledBack.class::isInstance);

        assertThat(back.reasons())
                .singleElement()
                .satisfies(reason -> assertThat(reason)
                        .startsWith("request-p99: ")
                        .contains(" to pod " + ill.getMetadata().getName())
                        .contains("the pod is suspect, not the version"));
        assertThat(shop.words(before))
                .containsSubsequence("StepStarted 20", "PodSuspected", "RollbackStarted", "RolledBack")
                .doesNotContain("PodReplacementStarted", "PodRemoved", "GuardTripped", "StepStarted 50");
        shop.awaitPhase("Failed");
        WORLD.aviary("replay", shop.canary(), "--kafka", WORLD.pipeline().log().bootstrap());
    }

    private static Pod releasedAndOnePodIll(String version, int before) throws Exception {
        shop.release(version, Map.of());
        shop.awaitEvent(
                "20 % are there",
                before,
                event -> event instanceof TrafficShifted shifted
                        && shifted.canary().equals(Percent.of("20")));
        var ill = canaryPods().getFirst();
        fallIll(ill);
        return ill;
    }

    private static List<Pod> canaryPods() {
        return WORLD
                .kube()
                .pods()
                .inNamespace(shop.namespace())
                .withLabel("app", "sms-checker")
                .list()
                .getItems()
                .stream()
                .filter(pod -> pod.getMetadata().getDeletionTimestamp() == null)
                .filter(pod -> pod.getStatus().getPodIP() != null)
                .toList();
    }

    private static void fallIll(Pod pod) throws Exception {
        var url = URI.create(
                "http://%s:8080/ill?ms=2000".formatted(pod.getStatus().getPodIP()));
        try (var http = HttpClient.newHttpClient()) {
            assertThat(http.send(HttpRequest.newBuilder(url).build(), BodyHandlers.ofString())
                            .statusCode())
                    .isEqualTo(200);
        }
    }
}
