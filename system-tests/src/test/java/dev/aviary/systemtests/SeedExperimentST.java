package dev.aviary.systemtests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.aviary.cli.backtest.Backtests;
import dev.aviary.cli.demo.LoadGenerator;
import dev.aviary.cli.demo.Measured;
import dev.aviary.cli.story.Entry;
import dev.aviary.decisions.backtest.Backtested;
import dev.aviary.eventlog.topics.History;
import dev.aviary.eventlog.topics.Topics;
import dev.aviary.events.BudgetSpent;
import dev.aviary.events.CanaryApplied;
import dev.aviary.events.Count;
import dev.aviary.events.GuardTripped;
import dev.aviary.events.Percent;
import dev.aviary.events.Policy;
import dev.aviary.events.Promoted;
import dev.aviary.events.PromotionStarted;
import dev.aviary.events.RolledBack;
import dev.aviary.events.RolloutEvent;
import dev.aviary.events.ShadowDiffered;
import dev.aviary.events.ShadowDiffered.Course;
import dev.aviary.events.StepStarted;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;

/// The seed experiment on real parts: under load a good release is promoted, then a slow one is taken back.
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
@Order(1) // it takes long, so it begins early
class SeedExperimentST {
    private static final RealWorld WORLD = RealWorld.shared();
    private static final Duration INTERVAL = Duration.ofSeconds(10);
    private static Shop shop;
    private static LoadGenerator load;

    /// Another one beside it, for what a team may want of the guard.
    private static Shop careful;

    private static LoadGenerator lighter;

    @BeforeAll
    static void anAppUnderLoad() {
        shop = Shop.open(
                WORLD,
                "seed",
                annotated("aviary.dev/shadow-policy", "'{guard: {clearAt: 0.05, budget: 3}}'", Map.of()));
        careful = Shop.open(
                WORLD,
                "careful",
                annotated(
                        "aviary.dev/guard-clear-at",
                        "'0.05'",
                        Map.of("replicas: 2", "replicas: 1", "stepWeights: [5,10,50]", "stepWeights: [50,80]")));
        shop.awaitPhase("Initialized");
        load = shop.load(100);
        await("requests are served")
                .atMost(RealWorld.patience())
                .until(() -> load.between(Instant.now().minusSeconds(2), Instant.now()).stream()
                                .filter(request -> !request.failed())
                                .count()
                        > 100);
    }

    private static String kafka() {
        return WORLD.pipeline().log().bootstrap();
    }

    private static Map<String, String> annotated(String name, String value, Map<String, String> further) {
        var changes = new HashMap<>(further);
        changes.put(
                "  namespace: shop\nspec:\n  provider:",
                "  namespace: shop\n  annotations: {%s: %s}\nspec:\n  provider:".formatted(name, value));
        return changes;
    }

    @AfterAll
    static void noMoreLoad() {
        load.close();
        Optional.ofNullable(lighter).ifPresent(LoadGenerator::close);
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
                        "TrafficShifted 0", // lowered at once, maybe before the log has the decision
                        "ScaleDownStarted",
                        "Promoted")
                .doesNotContain("RollbackStarted", "WriteFailed");
        assertThat(shop.history(before))
                .extracting(entry -> entry.logged().event())
                .filteredOn(ShadowDiffered.class::isInstance)
                .extracting(event -> ((ShadowDiffered) event).shadow())
                .containsAnyOf(Course.CLEARED, Course.INCONCLUSIVE); // 50 requests don't rule 5 % out, 500 do
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

    /// While the other one's good release goes out of Prometheus' sight.
    @Test
    @Order(2)
    void aReleaseGoesOnAsSoonAsItsStepsAreCleared() {
        underLighterLoad();
        int before = careful.heard();

        careful.release("v2-good", Map.of());

        careful.awaitEvent("promoted", before, Promoted.class::isInstance);
        var rollout = careful.history(before);
        assertThat(careful.words(before))
                .containsSubsequence(
                        "StepStarted 50",
                        "TrafficShifted 50",
                        "CheckCompleted PASSED",
                        "StepStarted 80",
                        "TrafficShifted 80",
                        "CheckCompleted PASSED",
                        "PromotionStarted")
                .doesNotContain("CheckCompleted FAILED");
        // Prometheus knows its pods by then.
        assertThat(Duration.between(
                        at(
                                rollout,
                                event -> event instanceof StepStarted step
                                        && step.canary().equals(Percent.of("80"))),
                        at(rollout, PromotionStarted.class::isInstance)))
                .isLessThan(INTERVAL);
    }

    private static void underLighterLoad() {
        if (lighter == null) {
            careful.awaitPhase("Initialized");
            lighter = careful.load(50);
        }
    }

    private static Instant at(List<Entry> rollout, Predicate<RolloutEvent> event) {
        return rollout.stream()
                .filter(entry -> event.test(entry.logged().event()))
                .map(Entry::at)
                .findFirst()
                .orElseThrow();
    }

    @Test
    @Order(3)
    void aBudgetBeginsWithASmallerWeightAndTakesABadReleaseBack() {
        underLighterLoad();
        careful.annotate(Map.of("aviary.dev/guard-budget", "4"));
        int before = careful.heard();
        careful.awaitEvent("the budget", before, CanaryApplied.class::isInstance);

        careful.release("v2-failing", Map.of("ERROR_RATE", "1"));

        var spent = (BudgetSpent) careful.awaitEvent("spent", before, BudgetSpent.class::isInstance);
        careful.awaitEvent("rolled back", before, RolledBack.class::isInstance);
        assertThat(spent.spent()).isGreaterThanOrEqualTo(4);
        assertThat(spent.reason()).contains("requests of the canary failed").endsWith("a rollout may cost 4");
        var rollout = careful.history(before);
        assertThat(careful.words(before))
                .containsSubsequence("TrafficMeasured", "BudgetSpent", "RollbackStarted")
                .doesNotContain("GuardTripped");
        assertThat(rollout)
                .extracting(entry -> entry.logged().event())
                .filteredOn(StepStarted.class::isInstance)
                .singleElement()
                .satisfies(step -> assertThat(((StepStarted) step).canary().basisPoints())
                        .isBetween(120, 220)); // 4 of the 250 requests in 5 s: 1.6 %
        assertThat(WORLD.aviary("audit", careful.canary(), "--kafka", kafka())).contains(spent.reason());
    }

    @Test
    @Order(4)
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
                        "TrafficShifted 0", // lowered at once, maybe before the log has the decision
                        "ScaleDownStarted",
                        "RolledBack")
                .contains("RollbackStarted")
                .doesNotContain("StepStarted 10", "PromotionStarted");
        assertThat(back.reasons()).anySatisfy(reason -> assertThat(reason).contains("request-p99"));
        assertThat(shop.history(before))
                .extracting(entry -> entry.logged().event())
                .filteredOn(ShadowDiffered.class::isInstance)
                .singleElement() // three bad answers are less than what the first requests of both pods hide
                .satisfies(event -> assertThat(((ShadowDiffered) event).sentence())
                        .startsWith("the budget would have been used up: request-p99: ")
                        .endsWith("a rollout may cost 3"));
        assertThat(shop.status().condition("Promoted")).hasValueSatisfying(condition -> {
            assertThat(condition.status()).isEqualTo("False");
            assertThat(condition.message()).contains("request-p99");
        });
        await("Kubernetes events say why")
                .atMost(RealWorld.patience())
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
    @Order(5)
    void everyDecisionIsTheSameWhenItIsTakenAgain() {
        for (var canary : List.of(shop.canary(), careful.canary())) {
            WORLD.aviary("replay", canary, "--kafka", kafka()); // ends with 1 at the first difference
        }

        assertThat(shop.history())
                .extracting(entry -> entry.logged().event())
                .filteredOn(GuardTripped.class::isInstance)
                .isNotEmpty()
                .allSatisfy(event -> assertThat(((GuardTripped) event).guard())
                        .allSatisfy(result -> assertThat(result.source()).hasValue(Count.Source.PODS)));
    }

    @Test
    @Order(6)
    void underItsOwnPolicyEachReleaseEndsAsItDid() {
        try (var log = History.ofAll(WORLD.pipeline().log(), Topics.DEFAULT.rolloutEvents())) {
            var rows = Backtests.of(
                            log.iterator(),
                            Policy.NONE,
                            canary -> Set.of(shop.namespace(), careful.namespace())
                                    .contains(canary.namespace()),
                            Instant.MIN,
                            _ -> {})
                    .rows();

            assertThat(rows)
                    .hasSize(4)
                    .allSatisfy(row ->
                            assertThat(row.result()).returns(Backtested.Comparison.SAME, Backtested::comparison));
        }
    }

    @Test
    @Order(7)
    void theServicesExposeTheMetricsOfTheReferenceAndNoOther() {
        assertThat(MetricReference.exposed(WORLD.pipeline().services())).isEqualTo(MetricReference.read());
    }
}
