package dev.aviary.flagger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.aviary.events.GuardSpec;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GuardsTest {
    private static final List<String> METRICS = List.of("p99", "p50");

    @Test
    void withoutAnAnnotationItIsAsUsual() throws Refused {
        assertThat(Guards.of(canary(Map.of("aviary.dev/drain", "5s")), METRICS)).isEmpty();
    }

    @Test
    void eachAnnotationSetsItsPart() throws Refused {
        var usual = GuardSpec.DEFAULT;

        assertThat(Guards.of(
                        canary(Map.of(
                                "aviary.dev/guard", "shadow",
                                "aviary.dev/guard-alpha", "0.01",
                                "aviary.dev/guard-burn-in", "0",
                                "aviary.dev/guard-every", "250ms",
                                "aviary.dev/guard-suspect", "rollback",
                                "aviary.dev/guard-in-flight", "p99=pending_requests, p50=pending")),
                        METRICS))
                .isEqualTo(Optional.of(new GuardSpec(
                        GuardSpec.Mode.SHADOW,
                        0.01,
                        0,
                        Duration.ofMillis(250),
                        GuardSpec.Suspect.ROLL_BACK,
                        usual.clearAt(),
                        usual.budget(),
                        Optional.of(new TreeMap<>(Map.of("p99", "pending_requests", "p50", "pending"))))));
    }

    @ParameterizedTest
    @CsvSource({
        "aviary.dev/guard, on",
        "aviary.dev/guard-alpha, 0",
        "aviary.dev/guard-alpha, 0.5",
        "aviary.dev/guard-alpha, NaN",
        "aviary.dev/guard-alpha, few",
        "aviary.dev/guard-burn-in, -1",
        "aviary.dev/guard-burn-in, 1.5",
        "aviary.dev/guard-every, 100ms",
        "aviary.dev/guard-every, 1h",
        "aviary.dev/guard-every, often",
        "aviary.dev/guard-budget, 0",
        "aviary.dev/guard-budget, 2.5",
        "aviary.dev/guard-budget, 5000000000",
        "aviary.dev/guard-clear-at, 0",
        "aviary.dev/guard-clear-at, 1",
        "aviary.dev/guard-clear-at, NaN",
        "aviary.dev/guard-clear-at, early",
        "aviary.dev/guard-clear-beta, 0.05",
        "aviary.dev/guard-suspect, replace",
        "aviary.dev/guard-in-flight, pending_requests",
        "aviary.dev/guard-in-flight, p99=requests in flight",
        "aviary.dev/guard-in-flight, p90=pending_requests",
    })
    void whatMakesNoSenseIsRefused(String annotation, String value) {
        assertThatThrownBy(() -> Guards.of(canary(Map.of(annotation, value)), METRICS))
                .isInstanceOfSatisfying(
                        Refused.class,
                        refused ->
                                assertThat(refused.field).isEqualTo("metadata.annotations[%s]".formatted(annotation)));
    }

    @Test
    void aFailureRatioToRuleOutIsRead() throws Refused {
        var cleared =
                Guards.of(canary(Map.of(Guards.CLEAR_AT, "0.05")), METRICS).orElseThrow();
        assertThat(cleared.clearAt()).hasValue(0.05);
        assertThat(cleared.clearBeta()).isEmpty();

        var surer = Guards.of(canary(Map.of(Guards.CLEAR_AT, "0.02", Guards.CLEAR_BETA, "0.01")), METRICS)
                .orElseThrow();
        assertThat(surer.clearBeta()).hasValue(0.01);
        assertThatThrownBy(() -> Guards.of(canary(Map.of(Guards.CLEAR_AT, "0.02", Guards.CLEAR_BETA, "1")), METRICS))
                .hasMessageContaining("at most 0.2");
    }

    @Test
    void aGuardThatMayNotActCantMoveTrafficByOtherMeans() throws Refused {
        assertThat(Guards.of(canary(Map.of(Guards.BUDGET, "50")), METRICS)
                        .orElseThrow()
                        .budget())
                .hasValue(50L);
        for (var mode : List.of("off", "shadow")) {
            assertThatThrownBy(() -> Guards.of(canary(Map.of(Guards.MODE, mode, Guards.CLEAR_AT, "0.05")), METRICS))
                    .hasMessageContaining("the guard is " + mode);
            assertThatThrownBy(() -> Guards.of(canary(Map.of(Guards.MODE, mode, Guards.BUDGET, "50")), METRICS))
                    .hasMessageContaining("the guard is " + mode);
        }
    }

    private static Canary canary(Map<String, String> annotations) {
        var canary = new Canary();
        canary.setMetadata(new ObjectMetaBuilder()
                .withName("checkout")
                .withAnnotations(annotations)
                .build());
        return canary;
    }
}
