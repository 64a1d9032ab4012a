package dev.aviary.cli.story;

import static org.assertj.core.api.Assertions.assertThat;

import dev.aviary.events.CanaryKey;
import dev.aviary.events.RolloutId;
import dev.aviary.events.RolloutLabelled;
import dev.aviary.events.RolloutLabelled.Outcome;
import dev.aviary.events.Superseded;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class RolloutsTest {
    private static final CanaryKey CHECKOUT = new CanaryKey("eu", "shop", "checkout");

    private final Rollouts rollouts = new Rollouts();

    @Test
    void theLastOneIsMeantUnlessOneIsNamed() {
        hear(1, "v1:a");
        hear(2, "v1:b");

        assertThat(rollouts.asked(Optional.empty())).contains(2L);
        assertThat(rollouts.asked(Optional.of("1"))).contains(1L);
        assertThat(rollouts.asked(Optional.of("1-v1:a"))).contains(1L);
        assertThat(rollouts.asked(Optional.of("1-v1:b"))).isEmpty();
        assertThat(rollouts.asked(Optional.of("3"))).isEmpty();
        assertThat(rollouts.words()).isEqualTo("rollouts 1 to 2");
    }

    @Test
    void aLabelMakesNoRollout() {
        rollouts.hear(CHECKOUT, new RolloutLabelled("1", 3, Outcome.BAD, "alice", ""));

        assertThat(rollouts.isEmpty()).isTrue();
        assertThat(rollouts.has(CHECKOUT, 3)).isFalse();
        assertThat(rollouts.asked(Optional.empty())).isEmpty();
    }

    @Test
    void aLabelIsToldWithWhoSaidIt() {
        assertThat(Story.line(new RolloutLabelled("1", 3, Outcome.BAD, "alice", "a customer called")))
                .contains("rollout 3 labelled bad by alice: \"a customer called\"");
    }

    private void hear(long number, String revision) {
        rollouts.hear(CHECKOUT, new Superseded(new RolloutId(number, revision), "v1:z"));
    }
}
