package dev.aviary.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import dev.aviary.events.OperatorCommanded;
import dev.aviary.events.OperatorCommanded.Verb;
import dev.aviary.events.RollbackStarted;
import dev.aviary.events.RolledBack;
import dev.aviary.events.StepStarted;
import java.util.Map;
import org.junit.jupiter.api.Test;

/// A person's word, said with the command line, moves a real rollout.
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
        var heard = WORLD.heard("command");
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
    }
}
