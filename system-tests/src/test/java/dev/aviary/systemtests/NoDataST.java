package dev.aviary.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import dev.aviary.events.CheckCompleted;
import dev.aviary.events.Percent;
import dev.aviary.events.Promoted;
import dev.aviary.events.RollbackStarted;
import dev.aviary.events.RollbackStarted.Cause;
import dev.aviary.events.RolledBack;
import dev.aviary.events.TrafficShifted;
import dev.aviary.events.Verdict;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/// A good release about which nothing can be measured isn't taken back for that before its progress deadline. Flagger
/// takes it back (`compat: strict`): no values are a failed check to it.
@Execution(ExecutionMode.CONCURRENT)
@Order(2) // it takes long, so it begins early
class NoDataST {
    private static final RealWorld WORLD = RealWorld.shared();
    private static final Map<String, String> SMALL =
            Map.of("replicas: 2", "replicas: 1", "stepWeights: [5,10,50]", "stepWeights: [50]");
    private static final Map<String, String> STRICT = Map.of(
            "  name: sms-checker\n  namespace: shop\nspec:\n  provider",
            "  name: sms-checker\n  namespace: shop\n  annotations: {aviary.dev/compat: strict}\nspec:\n  provider");

    @Test
    void withoutTrafficItWaitsUntilItsDeadlineAndGoesOnWhenTrafficComes() {
        var patient = Shop.open(WORLD, "quiet", with(SMALL, Map.of("Seconds: 45", "Seconds: 90")));
        var ending = Shop.open(WORLD, "quiet-end", with(SMALL, Map.of("Seconds: 45", "Seconds: 30")));
        var strict = Shop.open(WORLD, "quiet-strict", with(SMALL, STRICT));
        var shops = List.of(patient, ending, strict);
        shops.forEach(shop -> shop.awaitPhase("Initialized"));
        shops.forEach(shop -> shop.release("v2-good", Map.of()));

        strict.awaitEvent("rolled back", 0, RolledBack.class::isInstance);
        assertThat(back(strict).cause()).isEqualTo(Cause.FAILED_CHECKS);
        assertThat(back(strict).reasons()).anySatisfy(why -> assertThat(why).contains("no values found"));
        assertThat(checks(strict)).hasSize(2).allMatch(check -> check.verdict() == Verdict.FAILED);

        ending.awaitEvent("rolled back", 0, RolledBack.class::isInstance);
        assertThat(back(ending).cause()).isEqualTo(Cause.DEADLINE);
        assertThat(back(ending).reasons())
                .anySatisfy(why -> assertThat(why).contains("no conclusive check within 40 s"));
        assertThat(Duration.between(at(ending, TrafficShifted.class), at(ending, RollbackStarted.class)))
                .isGreaterThan(Duration.ofSeconds(30));

        // That long without an answer, and it still has its share.
        assertThat(checks(patient)).isNotEmpty().allSatisfy(check -> {
            assertThat(check.verdict()).isEqualTo(Verdict.INCONCLUSIVE);
            assertThat(check.reasons()).anySatisfy(why -> assertThat(why).containsAnyOf("no requests", "no traffic"));
        });
        assertThat(patient.status().phase()).isEqualTo("Progressing");
        assertThat(patient.status().canaryWeight()).isEqualByComparingTo("50");
        assertThat(patient.status().failedChecks()).isEqualByComparingTo("0");
        try (var _ = patient.load(20)) {
            patient.awaitEvent("promoted", 0, Promoted.class::isInstance);
        }
    }

    @Test
    void aReleaseThatPrometheusSeesLateIsPromoted() throws Exception {
        try (var prometheus = LatePrometheus.start(WORLD, Duration.ofSeconds(15))) {
            var late = Map.of("${PROMETHEUS_URL}", prometheus.url());
            var patient = Shop.open(WORLD, "unseen", with(SMALL, late));
            var strict = Shop.open(WORLD, "unseen-strict", with(with(SMALL, STRICT), with(late, ONE_FAILURE)));
            var shops = List.of(patient, strict);
            shops.forEach(shop -> shop.awaitPhase("Initialized"));
            try (var _ = patient.load(20);
                    var _ = strict.load(20)) {
                shops.forEach(shop -> shop.release("v2-good", Map.of()));

                strict.awaitEvent("rolled back", 0, RolledBack.class::isInstance);
                assertThat(back(strict).reasons())
                        .anySatisfy(why -> assertThat(why).contains("no values found"));

                patient.awaitEvent("promoted", 0, Promoted.class::isInstance);
                assertThat(checks(patient).getFirst().verdict()).isEqualTo(Verdict.INCONCLUSIVE);
                assertThat(checks(patient).getLast().verdict()).isEqualTo(Verdict.PASSED);
            }
        }
    }

    private static final Map<String, String> ONE_FAILURE = Map.of("threshold: 2", "threshold: 1");

    private static RollbackStarted back(Shop shop) {
        return said(shop, RollbackStarted.class).findFirst().orElseThrow();
    }

    private static List<CheckCompleted> checks(Shop shop) {
        return said(shop, CheckCompleted.class).toList();
    }

    private static <E> Stream<E> said(Shop shop, Class<E> event) {
        return WORLD.heard(shop.namespace()).stream()
                .map(entry -> entry.logged().event())
                .filter(event::isInstance)
                .map(event::cast);
    }

    /// When it was first said; of traffic, when there was some for the canary.
    private static java.time.Instant at(Shop shop, Class<?> event) {
        return WORLD.heard(shop.namespace()).stream()
                .filter(entry -> event.isInstance(entry.logged().event()))
                .filter(entry -> !(entry.logged().event() instanceof TrafficShifted shifted)
                        || shifted.canary().isAbove(Percent.ZERO))
                .findFirst()
                .orElseThrow()
                .at();
    }

    private static Map<String, String> with(Map<String, String> some, Map<String, String> more) {
        var all = new HashMap<>(some);
        all.putAll(more);
        return all;
    }
}
