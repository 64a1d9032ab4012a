package dev.aviary.decisions.rollout;

import static dev.aviary.decisions.rollout.World.hook;
import static dev.aviary.decisions.rollout.World.inStep;
import static dev.aviary.decisions.rollout.World.spec;
import static dev.aviary.events.Verdict.PASSED;
import static org.assertj.core.api.Assertions.assertThat;

import dev.aviary.decisions.CanaryLike;
import dev.aviary.events.CanarySpec;
import dev.aviary.events.GateDecided.Outcome;
import dev.aviary.events.GateRequested;
import dev.aviary.events.GuardSpec;
import dev.aviary.events.HookKind;
import dev.aviary.events.HookSpec;
import dev.aviary.events.OperatorCommanded.Verb;
import dev.aviary.events.Percent;
import dev.aviary.events.PodRemoved;
import dev.aviary.events.PodReplacementStarted;
import dev.aviary.events.RollbackStarted;
import dev.aviary.events.RollbackStarted.Cause;
import dev.aviary.events.RolloutId;
import dev.aviary.events.RouteChangedByHand;
import dev.aviary.events.RouterDecision;
import dev.aviary.events.Strategy;
import dev.aviary.events.WriteFailed;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/// What the rollout does about a pod of the canary that is suspect.
class PodReplacementTest {
    private static final Percent FIVE = Percent.of("5");

    @Test
    void itIsReplacedAndTheStepKeepsItsWeight() {
        var world = inStep(spec(), 0);

        assertThat(suspected(world, "pod-1"))
                .containsExactly(new PodReplacementStarted(
                        id(world),
                        0,
                        "pod-1",
                        "node",
                        world.now.plusSeconds(10),
                        world.now.plusSeconds(70),
                        List.of("slow")));
        assertThat(world.state.desired().without()).contains("pod-1");
        assertThat(world.canary()).isEqualTo(FIVE);
        assertThat(CanaryStatus.of(world.state).message())
                .isEqualTo(
                        "New revision detected, progressing canary analysis. pod pod-1 on node node is being replaced,"
                                + " for slow.");

        world.confirm();
        assertThat(world.state.desired()).isEqualTo(world.state.confirmed());
        assertThat(CanaryStatus.of(world.state).message()).contains("pod pod-1 on node node was replaced, for slow.");
    }

    @Test
    void nothingRisesWhileItStands() {
        var world = inStep(spec(), 0);
        suspected(world, "pod-1");

        assertThat(world.check(0, 0, PASSED)).isEmpty();
        world.confirm();
        assertThat(world.check(0, 1, PASSED)).hasSize(1);
        assertThat(world.canary()).isEqualTo(Percent.of("10"));
        world.confirm();
        assertThat(world.state.desired()).isEqualTo(world.state.confirmed());
    }

    @Test
    void whatAGateLetsThroughIsAskedAgain() {
        var world = inStep(spec(new Strategy.Progressive(List.of(FIVE, Percent.of("50")), Percent.ZERO), gate()), 0);
        world.gate(HookKind.CONFIRM_TRAFFIC_INCREASE, 0, Outcome.OPENED); // into the first step
        world.confirm();
        assertThat(world.check(0, 0, PASSED)).singleElement().isInstanceOf(GateRequested.class);

        suspected(world, "pod-1");
        world.confirm();
        assertThat(world.gate(HookKind.CONFIRM_TRAFFIC_INCREASE, 1, Outcome.OPENED))
                .isEmpty();
        assertThat(world.check(0, 1, PASSED)).singleElement().isInstanceOf(GateRequested.class);
        world.gate(HookKind.CONFIRM_TRAFFIC_INCREASE, 2, Outcome.OPENED);
        assertThat(world.canary()).isEqualTo(Percent.of("50"));
    }

    @Test
    void onePodThatCannotBeRemovedInTimeTakesTheRolloutBack() {
        var world = inStep(spec(), 0);
        suspected(world, "pod-1");
        world.hear(new WriteFailed(world.state.wantedBy(), "pod", "the API server refused it with 403", Duration.ZERO));
        world.command("1", Verb.PAUSE); // that stops no clock that protects customers
        var from = world.now;

        assertThat(world.tick())
                .containsExactly(back(
                        world,
                        "pod pod-1 on node node couldn't be removed within 10 s: pod: the API server refused it with 403;"
                                + " slow"));
        assertThat(world.now).isEqualTo(from.plusSeconds(10));
        assertThat(world.state.desired().without()).isEmpty();
        world.confirm();
        assertThat(world.state.desired()).isEqualTo(world.state.confirmed());
    }

    @Test
    void onesSuccessorThatIsNotJudgedInTimeTakesTheRolloutBack() {
        var world = inStep(spec(), 0);
        suspected(world, "pod-1");
        world.confirm();

        assertThat(world.tick())
                .singleElement()
                .satisfies(said -> assertThat(((RollbackStarted) said).reasons())
                        .containsExactly(
                                "no conclusive check within 70 s: pod pod-1 on node node was replaced, none in its"
                                        + " place was judged"));
    }

    @Test
    void theSecondTimeItIsTheVersion() {
        var world = inStep(spec(), 0);
        suspected(world, "pod-1");
        assertThat(suspected(world, "pod-1")).isEmpty(); // said again
        world.confirm();
        world.check(0, 0, PASSED);

        assertThat(suspected(world, "pod-2")).containsExactly(back(world, 1, "slow"));
    }

    @Test
    void onRequestItGoesBackAtOnce() {
        var world = inStep(suspect(spec(), GuardSpec.Suspect.ROLL_BACK), 0);

        assertThat(suspected(world, "pod-1")).containsExactly(back(world, "slow"));
        assertThat(world.canary()).isEqualTo(Percent.ZERO);
    }

    @Test
    void aHandAtTheRouteDoesNotSaveThePod() {
        var world = inStep(spec(), 0);
        suspected(world, "pod-1");
        world.hear(new RouteChangedByHand(world.state.wantedBy(), FIVE, Percent.of("50"), "kubectl"));

        assertThat(world.state.desired().without()).contains("pod-1");
        assertThat(RolloutDecider.nextDue(world.state)).contains(world.now.plusSeconds(10));
    }

    @Test
    void aLateWordOfThePodsEndChangesNothing() {
        var world = inStep(spec(), 0);
        suspected(world, "pod-1");
        long seq = world.state.wantedBy();
        world.command("1", Verb.ABORT);
        world.confirm();

        world.hear(new PodRemoved(seq, "pod-1", Duration.ZERO));
        assertThat(world.state.desired()).isEqualTo(world.state.confirmed());
    }

    @Test
    void anotherRolloutsPodIsLeftAlone() {
        var world = inStep(spec(), 0);

        assertThat(world.hear(Story.suspected(new RolloutId(9, "v1:other"), "pod-1")))
                .isEmpty();
    }

    private static List<RouterDecision> suspected(World world, String pod) {
        return world.hear(Story.suspected(id(world), pod));
    }

    private static RolloutId id(World world) {
        return world.state.run().orElseThrow().id();
    }

    private static RollbackStarted back(World world, String why) {
        return back(world, 0, why);
    }

    private static RollbackStarted back(World world, int step, String why) {
        return new RollbackStarted(id(world), step, Cause.GUARD, 0, Percent.ZERO, List.of(why));
    }

    private static HookSpec gate() {
        return hook(HookKind.CONFIRM_TRAFFIC_INCREASE);
    }

    private static CanarySpec suspect(CanarySpec spec, GuardSpec.Suspect suspect) {
        return CanaryLike.of(spec).guard(guard -> guard.suspect(suspect)).spec();
    }
}
