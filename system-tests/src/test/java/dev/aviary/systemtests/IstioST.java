package dev.aviary.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import dev.aviary.cli.demo.Measured;
import dev.aviary.events.Promoted;
import dev.aviary.events.RolledBack;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;

/// The seed experiment on Istio's routes: the same Canary, another provider.
@Order(6) // it takes long, so it begins early
class IstioST {
    private static final RealWorld WORLD = RealWorld.shared();

    @Test
    void onAVirtualServiceAGoodReleaseIsPromotedAndASlowOneTakenBack() {
        var shop = Shop.open(
                WORLD,
                "seed-istio",
                Map.of(
                        "provider: gatewayapi:v1", "provider: istio",
                        "stepWeights: [5,10,50]", "stepWeights: [5,50]",
                        "threshold: 2", "threshold: 1",
                        "replicas: 2", "replicas: 1"));
        shop.awaitPhase("Initialized");
        try (var route = RouteHistory.ofVirtualService(WORLD.kube(), shop.namespace());
                var load = shop.load(100)) {
            int before = shop.heard();
            var written = Instant.now();
            shop.release("v2-good", Map.of());
            shop.awaitEvent("promoted", before, Promoted.class::isInstance);
            shop.awaitPhase("Succeeded");
            assertThat(route.weights()).containsExactly(0, 5, 50, 0);
            assertThat(load.between(written, Instant.now()))
                    .hasSizeGreaterThan(1000)
                    .noneMatch(Measured.Request::failed)
                    .anyMatch(request -> request.version().equals("v2-good"));

            shop.awaitOutOfSight();
            int promoted = shop.heard();
            shop.release("v2-slow", Map.of("SLEEP_MS", "2000"));
            shop.awaitEvent("rolled back", promoted, RolledBack.class::isInstance);
            shop.awaitPhase("Failed");
            assertThat(route.weights()).containsExactly(0, 5, 50, 0, 5, 0);
        }
    }
}
