package dev.aviary.systemtests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.aviary.events.OperatorCommanded;
import dev.aviary.events.OperatorCommanded.Verb;
import dev.aviary.events.RollbackStarted;
import dev.aviary.events.RolledBack;
import dev.aviary.events.RolloutLabelled;
import dev.aviary.events.RolloutLabelled.Outcome;
import dev.aviary.events.StepStarted;
import java.util.Map;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;

/// A person's word, said with the command line, moves a real rollout.
@Order(3) // it takes long, so it begins early
class OperatorCommandST {
    private static final RealWorld WORLD = RealWorld.shared();

    @Test
    void anAbortTakesTheRolloutBackAndTheLogSaysWho() {
        var shop = Shop.open(
                WORLD,
                "command",
                Map.of("stepWeights: [5,10,50]", "stepWeights: [5,50]", "replicas: 2", "replicas: 1"));
        shop.awaitPhase("Initialized");
        var me = WORLD.playground().kubectl("auth", "whoami", "-o", "jsonpath={.status.userInfo.username}");
        int before = shop.heard();
        shop.release("v2-good", Map.of());
        shop.awaitEvent("a step", before, StepStarted.class::isInstance);

        WORLD.aviary("abort", shop.canary(), "--why", "looks wrong");

        var back = (RolledBack) shop.awaitEvent("rolled back", before, RolledBack.class::isInstance);
        assertThat(back.reasons()).anySatisfy(reason -> assertThat(reason).contains(me, "looks wrong"));
        var heard = WORLD.heard(shop.namespace());
        assertThat(heard)
                .extracting(entry -> entry.logged().event())
                .anySatisfy(event -> assertThat(event).isInstanceOfSatisfying(OperatorCommanded.class, command -> {
                    assertThat(command.verb()).isEqualTo(Verb.ABORT);
                    assertThat(command.by()).isEqualTo(me);
                    assertThat(command.why()).isEqualTo("looks wrong");
                }))
                .anySatisfy(event -> assertThat(event)
                        .isInstanceOfSatisfying(
                                RollbackStarted.class,
                                started -> assertThat(started.cause()).isEqualTo(RollbackStarted.Cause.ABORTED)));
        shop.awaitPhase("Failed");
        assertThat(shop.status().canaryWeight()).isZero();
        labelled(shop, me);
    }

    /// It waits for the log, so the next word can't take its place.
    private static void labelled(Shop shop, String me) {
        var kafka = WORLD.pipeline().log().bootstrap();
        assertThat(WORLD.aviary("label", shop.canary(), "good", "--kafka", kafka))
                .contains("rollout 1 is labelled good");
        WORLD.aviary("label", shop.canary() + "#1", "bad", "--why", "a customer called", "--kafka", kafka);
        assertThatThrownBy(() -> WORLD.aviary("label", shop.canary(), "bad", "--rollout", "7", "--kafka", kafka))
                .hasMessageContaining("has no rollout 7: nothing is labelled. The log has rollout 1.");

        assertThat(shop.history())
                .extracting(entry -> entry.logged().event())
                .filteredOn(RolloutLabelled.class::isInstance)
                .extracting(event -> ((RolloutLabelled) event).outcome())
                .containsExactly(Outcome.GOOD, Outcome.BAD);
        assertThat(WORLD.aviary("audit", shop.canary(), "--kafka", kafka))
                .contains("rollout 1 labelled bad by %s: \"a customer called\"".formatted(me));
        WORLD.aviary("replay", shop.canary(), "--kafka", kafka); // ends with 1 at the first difference
    }
}
