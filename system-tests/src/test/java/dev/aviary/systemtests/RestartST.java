package dev.aviary.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import dev.aviary.cli.demo.LoadGenerator;
import dev.aviary.cli.demo.Measured;
import dev.aviary.events.Percent;
import dev.aviary.events.Promoted;
import dev.aviary.events.PromotionStarted;
import dev.aviary.events.RolloutEvent;
import dev.aviary.events.ScaleUpStarted;
import dev.aviary.events.StepStarted;
import dev.aviary.events.TrafficShifted;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// Each service is killed once in the middle of a rollout, which goes on as if nothing had been.
class RestartST {
    private static final RealWorld WORLD = RealWorld.shared();
    private static Shop shop;
    private static LoadGenerator load;

    @BeforeAll
    static void anAppUnderLoad() {
        shop = Shop.open(
                WORLD,
                "restart",
                Map.of("stepWeights: [5,10,50]", "stepWeights: [5,50]", "replicas: 2", "replicas: 1"));
        shop.awaitPhase("Initialized");
        load = shop.load(40);
    }

    @AfterAll
    static void noMoreLoad() {
        load.close();
    }

    @Test
    void aRolloutGoesOnAfterEachServiceWasKilled() throws Exception {
        int before = shop.heard();
        var written = Instant.now();
        try (var route = RouteHistory.of(WORLD.kube(), "restart")) {
            shop.release("v2-good", Map.of());

            await(before, "the canary starts", ScaleUpStarted.class::isInstance);
            var detector = killed("detector", "the canary starts");
            await(before, "5 % are there", event -> shifted(event, "5"));
            var analyzer = killed("analyzer", "step 5 %");
            await(before, "step 50 % begins", event -> event instanceof StepStarted step && step.step() == 1);
            var router = killed("router", "step 50 % begins");
            await(before, "the promotion starts", PromotionStarted.class::isInstance);
            var notifier = killed("notifier", "promoting");
            await(before, "promoted", Promoted.class::isInstance);

            shop.awaitPhase("Succeeded");
            CompletableFuture.allOf(detector, analyzer, router, notifier).join();
            assertThat(Shop.words(WORLD.history("restart")).stream()
                            .skip(before)
                            .filter(word -> word.startsWith("StepStarted")
                                    || word.matches("RolloutStarted|PromotionStarted|Promoted|RollbackStarted")))
                    .containsExactly(
                            "RolloutStarted", "StepStarted 5", "StepStarted 50", "PromotionStarted", "Promoted");
            assertThat(route.weights()).containsExactly(0, 5, 50, 0);
            assertThat(load.between(written, Instant.now()))
                    .hasSizeGreaterThan(500)
                    .noneMatch(Measured.Request::failed);
        }
    }

    private static void await(int before, String what, java.util.function.Predicate<RolloutEvent> event) {
        shop.awaitEvent(what, before, event);
    }

    private static boolean shifted(RolloutEvent event, String percent) {
        return event instanceof TrafficShifted shifted && shifted.canary().equals(Percent.of(percent));
    }

    /// The service dies now; done when it is ready again.
    private static CompletableFuture<Void> killed(String name, String when) {
        var service = WORLD.pipeline().service(name);
        long pid = service.pid();
        long begin = System.nanoTime();
        service.kill();
        return CompletableFuture.runAsync(() -> {
            org.awaitility.Awaitility.await(name + " is ready again")
                    .atMost(Duration.ofSeconds(60))
                    .pollInterval(Duration.ofMillis(50))
                    .until(() -> service.pid() != pid && service.isReady());
            System.out.printf("%s, killed when %s, is ready again after %s s%n", name, when, RealWorld.seconds(begin));
        });
    }
}
