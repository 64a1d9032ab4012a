package dev.aviary.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.aviary.cli.LabelCommand.Asked;
import dev.aviary.events.RolloutLabelled.Outcome;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class LabelCommandTest {
    private static final CanaryName CHECKOUT = new CanaryName("shop", "checkout");

    @Test
    void theRolloutIsTheLastOneOrNamedBehindAHashOrByTheOption() {
        assertThat(asked("shop/checkout", "", "good")).isEqualTo(new Asked(CHECKOUT, Optional.empty(), Outcome.GOOD));
        assertThat(asked("shop/checkout#3", "", "bad")).isEqualTo(new Asked(CHECKOUT, Optional.of("3"), Outcome.BAD));
        assertThat(asked("shop/checkout", "3-v1:9f2c", "bad"))
                .isEqualTo(new Asked(CHECKOUT, Optional.of("3-v1:9f2c"), Outcome.BAD));
        assertThat(asked("shop/checkout#3", "3", "bad")).isEqualTo(new Asked(CHECKOUT, Optional.of("3"), Outcome.BAD));
    }

    @Test
    void whatMakesNoSenseIsToldInASentence() {
        assertThatThrownBy(() -> asked("shop/checkout", "", "splendid"))
                .hasMessage("a rollout is labelled good or bad, got \"splendid\".");
        assertThatThrownBy(() -> asked("shop/checkout#3", "4", "good"))
                .hasMessage("shop/checkout#3 and --rollout 4 name two rollouts: label one.");
        assertThatThrownBy(() -> asked("checkout", "", "good")).hasMessageContaining("named NAMESPACE/NAME");
    }

    private static Asked asked(String named, String rollout, String outcome) {
        return Asked.of(named, Optional.of(rollout).filter(one -> !one.isEmpty()), outcome);
    }
}
