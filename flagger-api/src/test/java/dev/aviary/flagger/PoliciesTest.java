package dev.aviary.flagger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.aviary.events.GuardSpec;
import dev.aviary.events.Percent;
import dev.aviary.events.Policy;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PoliciesTest {
    @Test
    void eachFieldSetsItsPart() {
        var policy = read("""
            threshold: 2
            steps: [0.5, 20, 50]
            iterations: 3
            metrics:
              request-success-rate: {min: 99.5}
              latency: {max: 400, allowed: 0.005}
            guard:
              {mode: off, alpha: 0.01, burnIn: 0, every: 5s, suspect: rollback, clearAt: 0.05, clearBeta: 0.1, budget: 7}
            """);

        assertThat(policy.threshold()).contains(2);
        assertThat(policy.steps()).contains(List.of(Percent.of("0.5"), Percent.of("20"), Percent.of("50")));
        assertThat(policy.iterations()).contains(3);
        assertThat(policy.metrics())
                .isEqualTo(Map.of(
                        "request-success-rate",
                        new Policy.Metric(Optional.of(99.5), Optional.empty(), Optional.empty()),
                        "latency",
                        new Policy.Metric(Optional.empty(), Optional.of(400.0), Optional.of(0.005))));
        assertThat(policy.guard())
                .isEqualTo(new Policy.Guard(
                        Optional.of(GuardSpec.Mode.OFF),
                        Optional.of(0.01),
                        Optional.of(0),
                        Optional.of(Duration.ofSeconds(5)),
                        Optional.of(GuardSpec.Suspect.ROLL_BACK),
                        Optional.of(0.05),
                        Optional.of(7L),
                        Optional.of(0.1)));
    }

    @Test
    void whatIsNotGivenStays() {
        assertThat(read("{}")).isEqualTo(Policy.NONE);
        assertThat(read("guard:\nmetrics:\n")).isEqualTo(Policy.NONE);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "interval: 10s | the policy has no field \"interval\"; known: guard, iterations, metrics, steps,"
                        + " threshold",
                "guard: {beta: 1} | guard has no field \"beta\"; known: alpha, budget, burnIn, clearAt, clearBeta, every",
                "guard: {budget: 0} | guard.budget is \"0\"; it must be a whole number from 1",
                "guard: {clearBeta: 0.3} | guard.clearBeta is \"0.3\"; it must be above 0 and at most 0.2",
                "guard: {suspect: replace} | guard.suspect is \"replace\"; known: hold, rollback",
                "metrics: {p99: {most: 1}} | metrics.p99 has no field \"most\"; known: allowed, max, min",
                "threshold: 0 | threshold is \"0\"; it must be a whole number from 1",
                "threshold: two | threshold is \"two\"",
                "steps: [50, 5] | steps is \"[50, 5]\"; it must be a list of growing weights",
                "steps: 5 | steps is \"5\"",
                "steps: [] | steps is \"[]\"",
                "steps: [5, 101] | steps is \"[5, 101]\"",
                "steps: [0.001] | steps is \"[0.001]\"",
                "guard: {mode: on} | guard.mode is \"on\"; known: off, shadow, bound, primary",
                "guard: {alpha: 0.5} | guard.alpha is \"0.5\"; it must be above 0 and at most 0.1",
                "guard: {alpha: .nan} | guard.alpha is \"NaN\"; it must be a number",
                "guard: {every: 1h} | guard.every is \"1h\"; it must be a duration from 250ms to 1m",
                "guard: {burnIn: -1} | guard.burnIn is \"-1\"",
                "metrics: {p99: {allowed: 1}} | metrics.p99.allowed is \"1\"; it must be above 0 and below 1",
                "metrics: {p99: 500} | metrics.p99 is \"500\"; it must have fields",
                "[1] | the policy is \"[1]\"; it must have fields"
            })
    void whatMakesNoSenseIsRefusedInOneSentence(String yaml, String sentence) {
        assertThatThrownBy(() -> read(yaml))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(sentence);
    }

    @Test
    void ofTheWrongFileOnlyTheBeginningIsShown() {
        assertThatThrownBy(() -> read("no policy but a text ".repeat(100)))
                .hasMessageStartingWith("the policy is \"no policy but a text")
                .hasMessageEndingWith("…\"; it must have fields")
                .satisfies(refused -> assertThat(refused.getMessage()).hasSizeLessThan(150));
    }

    private static Policy read(String yaml) {
        return Policies.read(Serialization.unmarshal(yaml, Object.class));
    }
}
