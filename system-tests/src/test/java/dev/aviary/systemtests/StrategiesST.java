package dev.aviary.systemtests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.aviary.cli.demo.Measured;
import dev.aviary.events.Percent;
import dev.aviary.events.PrimaryUpdated;
import dev.aviary.events.Promoted;
import dev.aviary.events.TrafficShifted;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/// The other ways of a release, on real routes: blue/green, an A/B test, and revisions that come while one is under
/// way.
@Execution(ExecutionMode.CONCURRENT)
@Order(4) // it takes long, so it begins early
class StrategiesST {
    private static final RealWorld WORLD = RealWorld.shared();
    private static final String NO_METRICS = "    metrics: []\n";

    @Test
    void blueGreenPassesItsIterationsBesideTheTrafficAndThenTakesAllOfIt() {
        var shop = open("blue-green", "iterations: 2");
        try (var route = RouteHistory.of(WORLD.kube(), shop.namespace());
                var load = shop.load(20)) {
            int before = shop.heard();
            var written = Instant.now();

            shop.release("v2-green", Map.of());

            shop.awaitEvent("promoted", before, Promoted.class::isInstance);
            shop.awaitPhase("Succeeded");
            assertThat(shop.words(before))
                    .containsSubsequence(
                            "StepStarted 0",
                            "CheckCompleted PASSED",
                            "CheckCompleted PASSED",
                            "PromotionStarted",
                            "PrimaryUpdated",
                            "TrafficShifted 100",
                            "TrafficShifted 0",
                            "Promoted");
            assertThat(route.weights()).containsExactly(0, 100, 0);
            assertThat(shop.answeredBy()).isEqualTo("v2-green");
            assertThat(load.between(written, Instant.now()))
                    .hasSizeGreaterThan(200)
                    .noneMatch(Measured.Request::failed);
        }
    }

    @Test
    void anAbTestGivesTheCanaryThoseWhoAskForItUntilItIsThePrimary() {
        var shop = open("ab-test", "iterations: 2\n    match: [{headers: {x-canary: {exact: insider}}}]");
        try (var load = shop.load(20)) {
            int before = shop.heard();
            var written = Instant.now();

            shop.release("v2-ab", Map.of());

            shop.awaitEvent("canary has its traffic", before, event -> shifted(event, "100"));
            await("the gateway has the route")
                    .atMost(RealWorld.patience())
                    .until(() -> shop.answeredBy("x-canary: insider").equals("v2-ab"));
            assertThat(shop.answeredBy("x-canary: outsider")).isEqualTo("v1");
            assertThat(shop.answeredBy()).isEqualTo("v1");
            shop.awaitEvent("promoted", before, Promoted.class::isInstance);
            assertThat(shop.answeredBy("x-canary: insider")).isEqualTo("v2-ab");
            assertThat(shop.answeredBy()).isEqualTo("v2-ab");
            assertThat(load.between(written, Instant.now())).noneMatch(Measured.Request::failed);
        }
    }

    @Test
    void aNewRevisionWhileProgressingOrPromotingIsARolloutOfItsOwn() {
        var shop = open("newer", "stepWeights: [50]");
        try (var route = RouteHistory.of(WORLD.kube(), shop.namespace());
                var load = shop.load(20)) {
            int before = shop.heard();
            var written = Instant.now();

            shop.release("v2", Map.of());
            shop.awaitEvent("v2 has its traffic", before, event -> shifted(event, "50"));
            shop.release("v3", Map.of());
            shop.awaitEvent("the primary runs v3", before, PrimaryUpdated.class::isInstance);
            shop.release("v4", Map.of());
            shop.awaitEvent("v3 is promoted", before, Promoted.class::isInstance);
            shop.awaitEvent(
                    "v4 is promoted",
                    before,
                    event -> event instanceof Promoted promoted
                            && promoted.rollout().number() == 3);
            shop.awaitPhase("Succeeded");

            assertThat(
                            shop.words(before).stream()
                                    .filter(
                                            word -> word.matches(
                                                    "RolloutStarted|Superseded|PromotionStarted|Promoted|RollbackStarted|StepStarted.*")))
                    .containsExactly(
                            "RolloutStarted",
                            "StepStarted 50",
                            "Superseded",
                            "RolloutStarted",
                            "StepStarted 50",
                            "PromotionStarted",
                            "Promoted",
                            "RolloutStarted",
                            "StepStarted 50",
                            "PromotionStarted",
                            "Promoted");
            assertThat(route.weights()).containsExactly(0, 50, 0, 50, 0, 50, 0);
            assertThat(shop.answeredBy()).isEqualTo("v4");
            var requests = load.between(written, Instant.now());
            assertThat(requests).hasSizeGreaterThan(400).noneMatch(Measured.Request::failed);
            // What hadn't passed was answered by the canary at most at its own 50 %.
            assertThat(requests).anyMatch(request -> request.version().equals("v3"));
        }
    }

    private static Shop open(String name, String strategy) {
        var shop = Shop.open(
                WORLD,
                name,
                Map.of(
                        "stepWeights: [5,10,50]",
                        strategy,
                        "replicas: 2",
                        "replicas: 1",
                        Shop.metrics(WORLD),
                        NO_METRICS));
        shop.awaitPhase("Initialized");
        return shop;
    }

    private static boolean shifted(Object event, String percent) {
        return event instanceof TrafficShifted shifted && shifted.canary().equals(Percent.of(percent));
    }
}
