package dev.aviary.systemtests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.aviary.cli.backtest.Backtests;
import dev.aviary.cli.demo.LoadGenerator;
import dev.aviary.cli.demo.Measured;
import dev.aviary.decisions.backtest.Backtested;
import dev.aviary.eventlog.topics.History;
import dev.aviary.eventlog.topics.Topics;
import dev.aviary.events.Count;
import dev.aviary.events.GuardTripped;
import dev.aviary.events.Policy;
import dev.aviary.events.Promoted;
import dev.aviary.events.RolledBack;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;

/// The seed experiment on real parts: under load a good release is promoted, then a slow one is taken back.
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class SeedExperimentST {
    private static final RealWorld WORLD = RealWorld.shared();
    private static Shop shop;
    private static LoadGenerator load;

    @BeforeAll
    static void anAppUnderLoad() {
        shop = Shop.open(WORLD, "seed", Map.of());
        shop.awaitPhase("Initialized");
        load = shop.load(100);
        await("requests are served")
                .atMost(RealWorld.patience())
                .until(() -> load.between(Instant.now().minusSeconds(2), Instant.now()).stream()
                                .filter(request -> !request.failed())
                                .count()
                        > 100);
    }

    @AfterAll
    static void noMoreLoad() {
        load.close();
    }

    @Test
    @Order(1)
    void aGoodReleaseIsPromotedThroughAllStepsAndNoRequestFails() {
        var written = Instant.now();
        int before = shop.heard();

        shop.release("v2-good", Map.of());

        shop.awaitEvent("promoted", before, Promoted.class::isInstance);
        shop.awaitPhase("Succeeded");
        assertThat(shop.words(before))
                .containsSubsequence(
                        "RevisionDetected",
                        "RolloutStarted",
                        "ScaleUpStarted",
                        "StepStarted 5",
                        "TrafficShifted 5",
                        "CheckCompleted PASSED",
                        "StepStarted 10",
                        "TrafficShifted 10",
                        "CheckCompleted PASSED",
                        "StepStarted 50",
                        "TrafficShifted 50",
                        "CheckCompleted PASSED",
                        "PromotionStarted",
                        "PrimaryUpdated",
                        "TrafficReturnStarted",
                        "TrafficShifted 0",
                        "ScaleDownStarted",
                        "Promoted")
                .doesNotContain("RollbackStarted", "WriteFailed");
        assertThat(shop.status().condition("Promoted")).hasValueSatisfying(condition -> {
            assertThat(condition.status()).isEqualTo("True");
            assertThat(condition.reason()).isEqualTo("Succeeded");
        });
        assertThat(shop.status().canaryWeight()).isZero();
        var requests = load.between(written, Instant.now());
        assertThat(requests)
                .hasSizeGreaterThan(2000)
                .noneMatch(Measured.Request::failed)
                .anyMatch(request -> request.version().equals("v2-good"));
        assertThat(load.between(Instant.now().minusSeconds(2), Instant.now()))
                .allMatch(request -> request.version().equals("v2-good")); // the primary runs it
    }

    @Test
    @Order(2)
    void aSlowReleaseIsTakenBackInItsFirstStepAndSaysWhy() {
        shop.awaitOutOfSight();
        var written = Instant.now();
        int before = shop.heard();

        shop.release("v2-slow", Map.of("SLEEP_MS", "2000"));

        var back = (RolledBack) shop.awaitEvent("rolled back", before, RolledBack.class::isInstance);
        shop.awaitPhase("Failed");
        assertThat(shop.words(before))
                .containsSubsequence(
                        "RevisionDetected",
                        "RolloutStarted",
                        "ScaleUpStarted",
                        "StepStarted 5",
                        "TrafficShifted 5",
                        "GuardTripped",
                        "RollbackStarted",
                        "TrafficShifted 0",
                        "ScaleDownStarted",
                        "RolledBack")
                .doesNotContain("StepStarted 10", "PromotionStarted");
        assertThat(back.reasons()).anySatisfy(reason -> assertThat(reason).contains("request-p99"));
        assertThat(shop.status().condition("Promoted")).hasValueSatisfying(condition -> {
            assertThat(condition.status()).isEqualTo("False");
            assertThat(condition.message()).contains("request-p99");
        });
        await("Kubernetes events say why")
                .atMost(Duration.ofSeconds(10))
                .untilAsserted(() -> assertThat(shop.kubernetesEvents()).anySatisfy(event -> {
                    assertThat(event.getType()).isEqualTo("Warning");
                    assertThat(event.getMessage()).contains("request-p99");
                }));
        var canary = load.between(written, Instant.now()).stream()
                .filter(request -> request.version().equals("v2-slow"))
                .count();
        assertThat(canary).isBetween(1L, 150L); // 5 % of 100/s; two intervals would have been 100
    }

    @Test
    @Order(3)
    void everyDecisionIsTheSameWhenItIsTakenAgain() {
        var kafka = WORLD.pipeline().log().bootstrap();

        WORLD.aviary("replay", shop.canary(), "--kafka", kafka); // ends with 1 at the first difference

        assertThat(shop.history())
                .extracting(entry -> entry.logged().event())
                .filteredOn(GuardTripped.class::isInstance)
                .isNotEmpty()
                .allSatisfy(event -> assertThat(((GuardTripped) event).guard())
                        .allSatisfy(result -> assertThat(result.source()).hasValue(Count.Source.PODS)));
    }

    @Test
    @Order(4)
    void underItsOwnPolicyEachReleaseEndsAsItDid() {
        try (var log = History.ofAll(WORLD.pipeline().log(), Topics.DEFAULT.rolloutEvents())) {
            var rows = Backtests.of(
                            log.iterator(),
                            Policy.NONE,
                            canary -> canary.namespace().equals(shop.namespace()),
                            Instant.MIN,
                            _ -> {})
                    .rows();

            assertThat(rows)
                    .hasSize(2)
                    .allSatisfy(row ->
                            assertThat(row.result()).returns(Backtested.Comparison.SAME, Backtested::comparison));
        }
    }

    @Test
    @Order(5)
    void theServicesExposeTheMetricsOfTheReferenceAndNoOther() {
        assertThat(MetricReference.exposed(WORLD.pipeline().services())).isEqualTo(MetricReference.read());
    }
}
