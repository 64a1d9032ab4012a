package dev.aviary.systemtests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.aviary.events.PrimaryInitialized;
import dev.aviary.events.Promoted;
import dev.aviary.events.StepStarted;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/// The log is lost while primaries stand: what stands is taken over. The last one: the others go on with the first log.
@Isolated
@Order(Integer.MAX_VALUE)
class FirstSightST {
    private static final RealWorld WORLD = RealWorld.shared();
    private static PlainCanaries canaries;

    @BeforeAll
    static void prepared() {
        canaries = Prepared.take(Prepared.FIRST_SIGHT);
    }

    static PlainCanaries oneIdleAndOneInAStep() {
        var canaries = PlainCanaries.in(WORLD, "sight");
        canaries.apply("idle", Map.of("skip", "true"));
        canaries.apply("midway", Map.of("gate", "confirm-promotion"));
        Stream.of("idle", "midway").forEach(name -> canaries.awaitPhase(name, "Initialized"));
        Stream.of("idle", "midway").forEach(canaries::releaseReady);
        canaries.awaitEvent("midway", StepStarted.class::isInstance);
        canaries.awaitEvent("idle", Promoted.class::isInstance);
        canaries.awaitPhase("idle", "Succeeded");
        canaries.awaitPhase("midway", "WaitingPromotion");
        return canaries;
    }

    @AfterAll
    static void noMoreGates() {
        canaries.close();
    }

    @Test
    void withAnEmptyLogNothingMovesAndTheNextReleaseGoesItsWay() {
        try (var routes = RouteHistory.of(WORLD.kube(), canaries.namespace())) {
            WORLD.restartedOn(another(), () -> {});

            await("both are taken over")
                    .atMost(RealWorld.patience())
                    .untilAsserted(() -> assertThat(history("idle", "midway"))
                            .filteredOn(word -> word.equals("PrimaryInitialized"))
                            .hasSize(2));
            Stream.of("idle", "midway").forEach(name -> canaries.awaitPhase(name, "Initialized"));
            assertThat(history("idle", "midway")).doesNotContain("RolloutStarted", "TrafficShifted", "RollbackStarted");
            assertThat(routes.weights("idle")).containsExactly(0);
            assertThat(routes.weights("midway")).containsExactly(40);

            canaries.releaseReady("idle", "v3");
            await("idle is promoted again")
                    .atMost(RealWorld.patience())
                    .until(() -> history("idle").contains("Promoted"));
            assertThat(history("idle")).doesNotContain("WriteFailed");
        }
    }

    /// The prefix of the empty log's topics.
    private static String another() {
        return "another-%s.".formatted(canaries.namespace());
    }

    private static List<String> history(String... names) {
        return WORLD.history(canaries.namespace(), another() + "rollout-events").stream()
                .filter(entry -> List.of(names).contains(entry.canary().name()))
                .map(entry -> entry.logged().event())
                .peek(event -> {
                    if (event instanceof PrimaryInitialized stands) {
                        assertThat(stands.tookOver()).isTrue();
                    }
                })
                .map(event -> event.getClass().getSimpleName())
                .toList();
    }
}
