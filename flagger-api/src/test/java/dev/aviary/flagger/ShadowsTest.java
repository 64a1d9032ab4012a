package dev.aviary.flagger;

import static org.assertj.core.api.Assertions.assertThat;

import dev.aviary.events.Bounds;
import dev.aviary.events.CanarySpec;
import dev.aviary.events.GuardSpec;
import dev.aviary.events.MetricSpec;
import dev.aviary.events.Percent;
import dev.aviary.events.Policy;
import dev.aviary.events.ShadowSpec;
import dev.aviary.events.Strategy;
import dev.aviary.events.WorkloadRef;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ShadowsTest {
    private static final String FIELD = "metadata.annotations[aviary.dev/shadow-policy]";

    @Test
    void withoutTheAnnotationThereIsNone() {
        assertThat(Shadows.of(canary(Map.of("team", "a")), "Canary shop/checkout", acting(GuardSpec.Mode.BOUND)))
                .isEmpty();
    }

    @Test
    void yamlAndJsonAreRead() {
        var yaml = """
                threshold: 2
                metrics:
                  request-success-rate: {min: 99.5}
                guard: {alpha: 0.01, mode: off}
                """;
        var json = "{\"threshold\": 2, \"metrics\": {\"request-success-rate\": {\"min\": 99.5}},"
                + " \"guard\": {\"alpha\": 0.01, \"mode\": \"off\"}}";

        assertThat(shadow(yaml)).isEqualTo(shadow(json));
        assertThat(shadow(yaml).problem()).isEmpty();
        var policy = shadow(yaml).policy();
        assertThat(policy.threshold()).contains(2);
        assertThat(policy.metrics().get("request-success-rate").min()).contains(99.5);
        assertThat(policy.guard().alpha()).contains(.01);
        assertThat(policy.guard().mode()).contains(GuardSpec.Mode.OFF);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "'' | must be a policy, such as {threshold: 1}",
                "strict | must be a policy, such as {threshold: 1}",
                "'{threshold: [' | is neither YAML nor JSON",
                "'threshold: 0' | threshold is \"0\"",
                "'treshold: 1' | has no field \"treshold\"",
                "'metrics: {p99: {max: 500}}' | metrics.p99: the Canary has no metric of that name; it has:"
                        + " request-success-rate",
            })
    void whatMakesNoSenseIsSaidInASentenceAndLeavesTheActingPolicyAlone(String text, String why) {
        var shadow = shadow(text);

        assertThat(shadow.policy()).isEqualTo(Policy.NONE);
        assertThat(shadow.problem().orElseThrow())
                .startsWith("Canary shop/checkout: " + FIELD + ": ")
                .contains(why)
                .endsWith("No shadow policy is judged; the acting one goes on as it is");
        assertThat(acting(GuardSpec.Mode.BOUND).with(Optional.of(shadow)).shadowed())
                .isEmpty();
        assertThat(Shadows.notes(Optional.of(shadow), acting(GuardSpec.Mode.BOUND)))
                .containsExactly(shadow.problem().orElseThrow());
    }

    @Test
    void whatCanNotBeJudgedLiveIsNoted() {
        assertThat(notes("{steps: [5, 50], guard: {every: 5s}}", GuardSpec.Mode.BOUND))
                .singleElement()
                .asString()
                .isEqualTo(
                        FIELD + ": steps, guard.every can't be judged beside the acting policy, which gives the traffic"
                                + " and the looks.");
        assertThat(notes("guard: {mode: bound}", GuardSpec.Mode.OFF))
                .singleElement()
                .asString()
                .contains("its guard isn't judged, for the acting one is off");
        assertThat(notes("guard: {mode: primary}", GuardSpec.Mode.SHADOW)).isEmpty();
    }

    private static List<String> notes(String text, GuardSpec.Mode mode) {
        return Shadows.notes(Optional.of(shadow(text)), acting(mode));
    }

    private static ShadowSpec shadow(String text) {
        return Shadows.of(
                        canary(Map.of("aviary.dev/shadow-policy", text)),
                        "Canary shop/checkout",
                        acting(GuardSpec.Mode.BOUND))
                .orElseThrow();
    }

    private static CanarySpec acting(GuardSpec.Mode mode) {
        var by = GuardSpec.DEFAULT;
        return new CanarySpec(
                new WorkloadRef("Deployment", "checkout"),
                "istio",
                "checkout",
                new Strategy.Progressive(List.of(Percent.of("5")), Percent.ZERO),
                Duration.ofSeconds(10),
                1,
                Duration.ofSeconds(60),
                Duration.ZERO,
                100,
                100,
                List.of(new MetricSpec(
                        "request-success-rate",
                        new MetricSpec.BuiltIn(),
                        "1m",
                        new Bounds(Optional.of(99.0), Optional.empty()))),
                List.of(),
                false,
                false,
                false,
                false,
                Optional.of(new GuardSpec(
                        mode,
                        by.alpha(),
                        by.burnIn(),
                        by.every(),
                        by.suspect(),
                        by.clearAt(),
                        by.budget(),
                        by.inFlight())));
    }

    private static Canary canary(Map<String, String> annotations) {
        var canary = new Canary();
        canary.setMetadata(new ObjectMetaBuilder()
                .withName("checkout")
                .withNamespace("shop")
                .withAnnotations(annotations)
                .build());
        return canary;
    }
}
