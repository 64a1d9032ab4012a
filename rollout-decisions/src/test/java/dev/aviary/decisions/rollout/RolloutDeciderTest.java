package dev.aviary.decisions.rollout;

import static dev.aviary.decisions.rollout.World.NEW;
import static dev.aviary.decisions.rollout.World.OLD;
import static dev.aviary.decisions.rollout.World.hook;
import static dev.aviary.decisions.rollout.World.inStep;
import static dev.aviary.decisions.rollout.World.initialized;
import static dev.aviary.decisions.rollout.World.spec;
import static dev.aviary.events.OperatorCommanded.Verb.*;
import static dev.aviary.events.Verdict.FAILED;
import static dev.aviary.events.Verdict.INCONCLUSIVE;
import static dev.aviary.events.Verdict.PASSED;
import static org.assertj.core.api.Assertions.assertThat;

import dev.aviary.decisions.rollout.Desired.Stage;
import dev.aviary.events.*;
import dev.aviary.events.GateDecided.Outcome;
import dev.aviary.events.RollbackStarted.Cause;
import dev.aviary.events.WorkloadChanged.Role;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The rollout's way, and the defects of Flagger that it doesn't copy (D1 to D25 in comments).
class RolloutDeciderTest {
    private static final Percent FIVE = Percent.of("5");
    private static final Percent FIFTY = Percent.of("50");

    @Test
    void aNewCanaryGetsItsPrimaryBeforeAnyTrafficMoves() {
        var world = new World();
        world.hear(new CanaryApplied("uid-1", 1, spec()));

        assertThat(world.revision(OLD)).containsExactly(new InitializationStarted(OLD));
        assertThat(world.state.desired().stage()).isEqualTo(Stage.BOOTSTRAP);
        world.hear(new PrimaryUpdated(world.state.wantedBy(), OLD, Duration.ZERO));
        assertThat(world.state.desired()).isEqualTo(world.state.confirmed()); // nothing more is asked for
        assertThat(world.primaryReady(OLD)).containsExactly(new TakeoverStarted(OLD));
        world.hear(new PrimaryInitialized(world.state.wantedBy(), false, Percent.ZERO, Duration.ZERO));
        assertThat(world.phase()).isEqualTo(CanaryStatus.Phase.INITIALIZED);
        assertThat(world.state.desired()).isEqualTo(world.state.confirmed());
    }

    @Test
    void whatStandsAtFirstSightIsTakenOver() {
        var world = new World();
        world.hear(new CanaryApplied("uid-1", 1, spec()));
        world.revision(OLD);

        assertThat(world.hear(new PrimaryInitialized(world.state.wantedBy(), true, Percent.of("30"), Duration.ZERO)))
                .isEmpty();

        assertThat(world.canary()).isEqualTo(Percent.of("30"));
        assertThat(world.state.desired()).isEqualTo(world.state.confirmed());
    }

    @Test
    void whatACheckOrTheGuardSaidStandsInTheStatusAndInTheReasons() {
        var world = inStep(spec(), 0);
        world.check(0, 0, FAILED);
        assertThat(CanaryStatus.of(world.state).message())
                .isEqualTo("New revision detected, progressing canary analysis. p99 is 2000, at most 500.");
        world.check(0, 1, INCONCLUSIVE);
        world.tick();
        assertThat(world.said)
                .last()
                .isInstanceOfSatisfying(
                        RollbackStarted.class,
                        back -> assertThat(back.reasons())
                                .containsExactly("no conclusive check within 70 s; the last one said: p99 is 2000,"
                                        + " at most 500"));

        var guarded = inStep(spec(), 0);
        var sentence = "p99: 3 of 3 requests took longer than 500 ms, where 1 in 100 may";
        guarded.hear(new GuardTripped(guarded.state.run().orElseThrow().id(), 0, 4, "p99", 7.3, .001, sentence));
        assertThat(guarded.said)
                .last()
                .isInstanceOfSatisfying(
                        RollbackStarted.class,
                        back -> assertThat(back.reasons()).containsExactly(sentence));
        assertThat(CanaryStatus.of(guarded.state).message()).contains(sentence);
    }

    @Test
    void aBudgetChoosesTheFirstWeightByTheTrafficAndNeverOneAboveThePlans() {
        var busy = initialized(World.budgeted(spec(), 20));
        busy.revision(NEW);
        busy.hear(new TrafficMeasured(busy.state.run().orElseThrow().id(), 600, Duration.ofSeconds(3)));
        busy.canaryReady();
        assertThat(busy.canary()).isEqualTo(Percent.of("2")); // 20 of 1,000 in 5 s
        busy.confirm();
        busy.check(0, 0, PASSED);
        assertThat(busy.canary()).isEqualTo(Percent.of("10"));

        var quiet = initialized(World.budgeted(spec(), 20));
        quiet.revision(NEW);
        quiet.hear(new TrafficMeasured(quiet.state.run().orElseThrow().id(), 6, Duration.ofSeconds(3)));
        quiet.canaryReady();
        assertThat(quiet.canary()).isEqualTo(FIVE);
        // Too late to choose, and of another rollout.
        quiet.hear(new TrafficMeasured(quiet.state.run().orElseThrow().id(), 600, Duration.ofSeconds(3)));
        assertThat(quiet.canary()).isEqualTo(FIVE);
    }

    /// It looks as quiet as one that nobody asks.
    @ParameterizedTest
    @ValueSource(longs = {0, 2, 20})
    void ofAPrimaryThatHardlyAnswersTheTrafficIsntTakenForNothing(long answers) {
        var hanging = initialized(World.budgeted(spec(), 1));
        hanging.revision(NEW);
        hanging.hear(new TrafficMeasured(hanging.state.run().orElseThrow().id(), answers, Duration.ofSeconds(4)));
        hanging.canaryReady();
        assertThat(hanging.canary()).isEqualTo(Percent.of("4")); // 1 of 25 in 5 s
    }

    @Test
    void aCanaryThatIsReadyWaitsForTheTrafficByWhichItsBudgetChooses() {
        var soon = initialized(World.budgeted(spec(), 20));
        soon.revision(NEW);
        soon.canaryReady();
        assertThat(soon.said).noneMatch(StepStarted.class::isInstance);
        assertThat(soon.hear(new TrafficMeasured(soon.state.run().orElseThrow().id(), 600, Duration.ofSeconds(3))))
                .singleElement()
                .isInstanceOfSatisfying(
                        StepStarted.class, step -> assertThat(step.canary()).isEqualTo(Percent.of("2")));
        assertThat(soon.canary()).isEqualTo(Percent.of("2"));

        var unmeasured = initialized(World.budgeted(spec(), 20));
        unmeasured.revision(NEW);
        unmeasured.canaryReady();
        assertThat(unmeasured.tick()).singleElement().isInstanceOf(StepStarted.class);
        assertThat(unmeasured.now).isEqualTo(World.NOON.plusSeconds(10));
        assertThat(unmeasured.canary()).isEqualTo(FIVE);

        var late = initialized(World.budgeted(spec(), 20));
        late.revision(NEW);
        late.now = World.NOON.plusSeconds(11);
        assertThat(late.canaryReady()).singleElement().isInstanceOf(StepStarted.class);

        var without = initialized(spec());
        without.revision(NEW);
        assertThat(without.canaryReady()).singleElement().isInstanceOf(StepStarted.class);
    }

    @Test
    void aBudgetThatIsUsedUpTakesTheRolloutBack() {
        var world = inStep(World.budgeted(spec(), 20), 1);
        var id = world.state.run().orElseThrow().id();

        assertThat(world.hear(new BudgetSpent(id, 1, 40, "p99", 21, 20, "p99: 21 requests were slow", List.of())))
                .singleElement()
                .isInstanceOfSatisfying(RollbackStarted.class, back -> {
                    assertThat(back.cause()).isEqualTo(Cause.GUARD);
                    assertThat(back.reasons()).containsExactly("p99: 21 requests were slow");
                });
        assertThat(world.canary()).isEqualTo(Percent.ZERO);
    }

    @Test
    void decisionsCountOnFromWhatALostLogHadWritten() {
        var world = new World();
        world.hear(new CanaryApplied("uid-1", 1, spec()));
        world.revision(OLD);

        world.hear(new PrimaryInitialized(
                world.state.wantedBy(), true, Percent.of("30"), Duration.ZERO, Optional.of(40L)));

        assertThat(world.state.seq()).isEqualTo(40);
        assertThat(world.state.desired()).isEqualTo(world.state.confirmed()); // nothing is written anew
        world.revision(NEW);
        assertThat(world.state.desired().seq()).isGreaterThan(40); // else the fence would refuse the write
    }

    @Test
    void aGoodReleaseIsPromotedStepByStep() {
        var world = initialized(spec());
        world.revision(NEW);
        world.confirm();
        world.canaryReady();
        assertThat(world.canary()).isEqualTo(FIVE); // at once, not at a tick
        world.confirm();
        for (int step = 0; step < 3; step++) {
            world.check(step, 0, PASSED);
            world.confirm();
        }
        assertThat(world.state.desired().primary()).isEqualTo(NEW);
        assertThat(world.canary()).isEqualTo(FIFTY);
        world.primaryReady(NEW);
        assertThat(world.canary()).isEqualTo(Percent.ZERO);
        world.confirm();
        world.tick(); // drained
        world.confirm();

        assertThat(world.said).last().isInstanceOf(Promoted.class);
        assertThat(world.said.stream().map(Object::getClass).distinct().toList())
                .containsExactly(
                        RolloutStarted.class,
                        ScaleUpStarted.class,
                        StepStarted.class,
                        PromotionStarted.class,
                        TrafficReturnStarted.class,
                        DrainStarted.class,
                        ScaleDownStarted.class,
                        Promoted.class);
        assertThat(world.phase()).isEqualTo(CanaryStatus.Phase.SUCCEEDED);
        assertThat(world.state.promoted()).isEqualTo(NEW);
    }

    @Test
    void aBadReleaseGoesBackInTheMomentTheCountReachesTheThreshold() {
        var world = inStep(spec(), 0);

        assertThat(world.check(0, 0, FAILED)).singleElement().isInstanceOf(StepHeld.class);
        assertThat(world.check(0, 0, FAILED)).isEmpty(); // a repeat
        assertThat(world.check(0, 1, FAILED))
                .singleElement()
                .isInstanceOfSatisfying(
                        RollbackStarted.class,
                        back -> assertThat(back.failedChecks()).isEqualTo(2));
        assertThat(world.canary()).isEqualTo(Percent.ZERO);
        assertThat(world.state.desired().canaryUp()).isTrue(); // until it is drained
        world.confirm();
        assertThat(world.phase()).isEqualTo(CanaryStatus.Phase.FAILED);
        world.tick();
        world.confirm();
        assertThat(world.said).last().isInstanceOf(RolledBack.class);
        assertThat(CanaryStatus.of(world.state).message()).contains("p99 is 2000, at most 500");
    }

    @Test
    void nothingOfAFailedRolloutIsTriedAgainByItself() {
        var world = rolledBack();

        assertThat(world.revision(NEW)).isEmpty();
        assertThat(world.canaryReady()).isEmpty();
        assertThat(world.hear(new CanaryApplied("uid-1", 2, spec()))).isEmpty();
        assertThat(world.command("1", RETRY)).first().isInstanceOfSatisfying(RolloutStarted.class, again -> {
            assertThat(again.by()).contains("alice");
            assertThat(again.rollout().number()).isEqualTo(2);
        });
    }

    @Test
    void theFailedRevisionIsAReleaseAgainAfterARevert() { // Flagger PR 1171
        var world = rolledBack();

        assertThat(world.revision(OLD)).isEmpty();
        assertThat(world.revision(NEW)).first().isInstanceOf(RolloutStarted.class);
    }

    @Test
    void aRevisionThatCameDuringTheRollbackIsNotLost() { // D3
        var world = inStep(spec(), 0);
        world.command("1", ABORT);
        assertThat(world.revision("v1:fix")).isEmpty();
        world.confirm();
        world.tick();
        world.confirm();

        assertThat(world.said).anyMatch(RolledBack.class::isInstance);
        assertThat(world.state.run().orElseThrow().revision()).isEqualTo("v1:fix");
    }

    @Test
    void aNewRevisionSupersedesTheOneUnderWay() {
        var world = inStep(spec(), 1);

        assertThat(world.revision("v1:fix").stream().map(Object::getClass).toList())
                .containsExactly(Superseded.class, RolloutStarted.class, ScaleUpStarted.class);
        assertThat(world.canary()).isEqualTo(Percent.ZERO);
        assertThat(world.workload(Role.TARGET, NEW, 1)).isEmpty(); // readiness of the old one
        assertThat(world.canaryReady()).singleElement().isInstanceOf(StepStarted.class);
    }

    @Test
    void aTargetThatIsRevertedDuringTheRunGoesBack() { // D16
        var world = inStep(spec(), 1);

        assertThat(world.revision(OLD))
                .singleElement()
                .isInstanceOfSatisfying(
                        RollbackStarted.class, back -> assertThat(back.cause()).isEqualTo(Cause.TARGET_REVERTED));
        world.confirm();
        world.tick();
        world.confirm();
        assertThat(world.state.underWay()).isFalse();
    }

    @Test
    void aCanaryThatNeverBecomesReadyGetsNoTrafficAndEndsAtTheDeadline() {
        var world = initialized(spec());
        world.revision(NEW);
        world.confirm();
        world.hear(new WorkloadChanged(
                "checkout",
                Role.TARGET,
                true,
                NEW,
                new Replicas(1, 1, 0, 1, true),
                Optional.of("ImagePullBackOff: no such image")));

        assertThat(world.tick()).singleElement().isInstanceOfSatisfying(RollbackStarted.class, back -> {
            assertThat(back.cause()).isEqualTo(Cause.DEADLINE);
            assertThat(back.reasons().getFirst()).contains("60 s", "ImagePullBackOff");
        });
        assertThat(world.said).noneMatch(StepStarted.class::isInstance);
    }

    @Test
    void wantOfDataEndsARolloutOnlyAtItsDeadline() {
        var world = inStep(spec(), 0);

        for (int look = 0; look < 6; look++) {
            assertThat(world.check(0, look, INCONCLUSIVE)).isEmpty();
        }
        assertThat(RolloutDecider.nextDue(world.state)).contains(World.NOON.plusSeconds(70));
        assertThat(world.tick()).singleElement().isInstanceOf(RollbackStarted.class);
    }

    @Test
    void analysisGoesOnWhileThePrimaryFlaps() { // D8
        var world = inStep(spec(), 0);
        world.workload(Role.PRIMARY, OLD, 0);

        world.check(0, 0, FAILED);
        assertThat(world.check(0, 1, FAILED)).singleElement().isInstanceOf(RollbackStarted.class);
    }

    @Test
    void aCanaryWithoutAnyPodLosesItsTraffic() { // D8
        var world = inStep(spec(), 0);

        assertThat(world.workload(Role.TARGET, NEW, 0))
                .singleElement()
                .isInstanceOfSatisfying(
                        RollbackStarted.class, back -> assertThat(back.cause()).isEqualTo(Cause.CANARY_UNAVAILABLE));
    }

    @Test
    void theGatesAreAskedInTheirOrder() {
        var world = initialized(World.spec(
                new Strategy.Progressive(List.of(FIFTY), Percent.ZERO),
                hook(HookKind.CONFIRM_ROLLOUT),
                hook(HookKind.PRE_ROLLOUT),
                hook(HookKind.CONFIRM_TRAFFIC_INCREASE),
                hook(HookKind.CONFIRM_PROMOTION)));
        world.revision(NEW);
        assertThat(world.state.desired().canaryUp()).isFalse();
        world.gate(HookKind.CONFIRM_ROLLOUT, 0, Outcome.CLOSED);
        assertThat(world.phase()).isEqualTo(CanaryStatus.Phase.WAITING);
        world.gate(HookKind.CONFIRM_ROLLOUT, 1, Outcome.OPENED);
        assertThat(world.state.desired().canaryUp()).isTrue();
        world.canaryReady();
        world.gate(HookKind.PRE_ROLLOUT, 0, Outcome.OPENED);
        world.gate(HookKind.CONFIRM_TRAFFIC_INCREASE, 0, Outcome.CLOSED);
        assertThat(RolloutDecider.nextDue(world.state)).isEmpty(); // the deadline stands still
        assertThat(world.canary()).isEqualTo(Percent.ZERO);
        world.gate(HookKind.CONFIRM_TRAFFIC_INCREASE, 1, Outcome.OPENED);
        assertThat(world.canary()).isEqualTo(FIFTY);
        world.confirm();
        world.check(0, 0, PASSED);
        world.gate(HookKind.CONFIRM_PROMOTION, 0, Outcome.CLOSED);
        assertThat(world.phase()).isEqualTo(CanaryStatus.Phase.WAITING_PROMOTION);
        assertThat(CanaryStatus.of(world.state).canaryWeight()).isEqualTo(FIFTY); // D19
        world.gate(HookKind.CONFIRM_PROMOTION, 1, Outcome.OPENED);

        assertThat(world.said.stream()
                        .filter(GateRequested.class::isInstance)
                        .map(said -> ((GateRequested) said).kind())
                        .toList()) // D24: each is asked for once
                .containsExactly(
                        HookKind.CONFIRM_ROLLOUT,
                        HookKind.PRE_ROLLOUT,
                        HookKind.CONFIRM_TRAFFIC_INCREASE,
                        HookKind.CONFIRM_PROMOTION);
        assertThat(world.said).last().isInstanceOf(PromotionStarted.class);
    }

    @Test
    void aFailedPreRolloutHookCountsAndRollsBackAtTheThreshold() {
        var world = initialized(
                World.spec(new Strategy.Progressive(List.of(FIFTY), Percent.ZERO), hook(HookKind.PRE_ROLLOUT)));
        world.revision(NEW);
        world.canaryReady();

        world.gate(HookKind.PRE_ROLLOUT, 0, Outcome.FAILED);
        assertThat(world.gate(HookKind.PRE_ROLLOUT, 1, Outcome.FAILED))
                .singleElement()
                .isInstanceOf(RollbackStarted.class);
    }

    @Test
    void aRollbackHookIsHeardWhileWaitingToo() { // D4
        var world = initialized(World.spec(
                new Strategy.Progressive(List.of(FIFTY), Percent.ZERO),
                hook(HookKind.ROLLBACK),
                hook(HookKind.CONFIRM_ROLLOUT)));
        world.revision(NEW);

        assertThat(world.gate(HookKind.ROLLBACK, 0, Outcome.OPENED))
                .singleElement()
                .isInstanceOf(RollbackStarted.class);
        world.confirm();
        world.tick();
        world.confirm();
        assertThat(world.said).last().isInstanceOf(RolledBack.class);
    }

    @Test
    void aPausedRolloutDoesNotRiseButStillGoesBack() {
        var world = inStep(spec(), 0);
        world.command("1", PAUSE);

        assertThat(world.check(0, 0, PASSED)).isEmpty();
        assertThat(RolloutDecider.nextDue(world.state)).isEmpty();
        assertThat(world.command("1", RESUME)).isEmpty(); // a repeated id is the same command
        world.check(0, 1, FAILED);
        assertThat(world.check(0, 2, FAILED)).singleElement().isInstanceOf(RollbackStarted.class);
    }

    @Test
    void aResumedStepIsWatchedOnceMore() {
        var world = inStep(spec(), 0);
        world.command("1", PAUSE);
        world.check(0, 0, PASSED);

        assertThat(world.command("2", RESUME))
                .singleElement()
                .isInstanceOfSatisfying(
                        StepStarted.class, step -> assertThat(step.canary()).isEqualTo(FIVE));
        world.confirm();
        assertThat(world.check(0, 1, PASSED)).singleElement().isInstanceOf(StepStarted.class);
    }

    @Test
    void aPersonMayPromoteOrSkipAStep() {
        assertThat(inStep(spec(), 0).command("1", PROMOTE)).singleElement().isInstanceOf(PromotionStarted.class);
        assertThat(inStep(spec(), 0).command("1", SKIP_STEP))
                .singleElement()
                .isInstanceOfSatisfying(
                        StepStarted.class, step -> assertThat(step.step()).isEqualTo(1));
        var early = initialized(spec());
        early.revision(NEW);
        early.command("1", PROMOTE);
        assertThat(early.canaryReady()).singleElement().isInstanceOf(PromotionStarted.class);
    }

    @Test
    void blueGreenPassesItsIterationsBeforeAnyTraffic() {
        var world = inStep(World.spec(new Strategy.BlueGreen(2)), 0);
        assertThat(world.canary()).isEqualTo(Percent.ZERO);

        assertThat(world.check(0, 0, PASSED)).singleElement().isInstanceOf(StepHeld.class);
        assertThat(CanaryStatus.of(world.state).iterations()).isEqualTo(1);
        assertThat(world.check(0, 1, PASSED)).singleElement().isInstanceOf(PromotionStarted.class);
        assertThat(world.canary()).isEqualTo(Percent.ALL);
    }

    @Test
    void anAbTestKeepsItsMatchUntilThePrimaryIsReady() {
        var match = List.of(new HttpMatch(
                new TreeMap<>(java.util.Map.of("x-canary", new HttpMatch.StringMatch(HttpMatch.Kind.EXACT, "insider"))),
                new TreeMap<>(),
                new TreeMap<>()));
        var world = inStep(World.spec(new Strategy.AbTesting(1, match)), 0);
        assertThat(world.state.desired().match()).isEqualTo(match);

        world.check(0, 0, PASSED);
        assertThat(world.state.desired().match()).isEqualTo(match);
        world.confirm();
        world.primaryReady(NEW);
        assertThat(world.state.desired().match()).isEmpty();
        assertThat(world.canary()).isEqualTo(Percent.ZERO);
    }

    @Test
    void trafficGoesBackToThePrimaryInStepsIfAskedFor() {
        var world = inStep(World.spec(new Strategy.Progressive(List.of(FIFTY), Percent.of("20"))), 0);
        world.check(0, 0, PASSED);
        world.confirm();
        world.primaryReady(NEW);
        assertThat(world.canary()).isEqualTo(Percent.of("30"));
        world.confirm();
        world.tick();
        assertThat(world.canary()).isEqualTo(Percent.of("10"));
        world.confirm();
        world.tick();
        assertThat(world.canary()).isEqualTo(Percent.ZERO);
    }

    @Test
    void skipAnalysisPromotesAReadyCanaryAndNoOther() {
        var world = initialized(World.live(spec(), true, false));
        world.revision(NEW);

        assertThat(world.canaryReady())
                .singleElement()
                .isInstanceOfSatisfying(
                        PromotionStarted.class,
                        promotion -> assertThat(promotion.canary()).isEqualTo(Percent.ZERO));
    }

    @Test
    void aSuspendedCanaryStartsNothingAndGoesOnAfterwards() {
        var world = initialized(spec());
        world.hear(new CanaryApplied("uid-1", 2, World.live(spec(), false, true)));

        assertThat(world.revision(NEW)).isEmpty();
        assertThat(world.hear(new CanaryApplied("uid-1", 3, spec()))).first().isInstanceOf(RolloutStarted.class);
    }

    @Test
    void editedStepsDoNotChangeARolloutThatIsUnderWay() { // D2
        var world = inStep(spec(), 1);
        world.hear(
                new CanaryApplied("uid-1", 2, spec(new Strategy.Progressive(List.of(Percent.of("7")), Percent.ZERO))));

        world.check(1, 0, PASSED);
        assertThat(world.canary()).isEqualTo(FIFTY);
    }

    @Test
    void anEditedIntervalMovesNoWeight() { // D11; a restart takes no decision at all, for no input comes of it
        var world = inStep(spec(), 1);

        assertThat(world.hear(new CanaryApplied("uid-1", 2, World.every(Duration.ofSeconds(60)))))
                .isEmpty();
        assertThat(world.canary()).isEqualTo(Percent.of("10"));
        world.check(1, 0, PASSED);
        assertThat(world.canary()).isEqualTo(FIFTY);
    }

    @Test
    void theDeadlineCountsFromTheRolloutsBeginning() { // D17
        var world = initialized(spec());
        world.workload(Role.PRIMARY, OLD, 0);
        world.now = World.NOON.plus(Duration.ofHours(3)); // idle, and the primary isn't whole

        assertThat(world.revision(NEW)).first().isInstanceOf(RolloutStarted.class);
        world.confirm();
        assertThat(world.state.underWay()).isTrue();
        assertThat(RolloutDecider.nextDue(world.state)).contains(world.now.plusSeconds(60));
        assertThat(world.canaryReady()).singleElement().isInstanceOf(StepStarted.class);
    }

    @Test
    void aRouteThatAHandLoweredIsAnAbort() {
        assertThat(inStep(spec(), 1).hear(new RouteChangedByHand(1, Percent.of("10"), Percent.ZERO, "kubectl")))
                .singleElement()
                .isInstanceOf(RollbackStarted.class);
    }

    @Test
    void aRouteThatAHandRaisedIsPutBack() {
        var world = inStep(spec(), 0);

        assertThat(world.hear(new RouteChangedByHand(1, FIVE, FIFTY, "kubectl")))
                .singleElement()
                .isInstanceOf(StepStarted.class);
        assertThat(world.canary()).isEqualTo(FIVE);
        var idle = initialized(spec());
        idle.hear(new RouteChangedByHand(1, Percent.ZERO, FIFTY, "kubectl"));
        assertThat(idle.canary()).isEqualTo(Percent.ZERO);
        assertThat(idle.state.desired()).isNotEqualTo(idle.state.confirmed());
    }

    @Test
    void aFailedPromotionLeavesTheCanaryServing() {
        var world = promotionFailed();

        assertThat(world.canary()).isEqualTo(Percent.ALL);
        assertThat(world.phase()).isEqualTo(CanaryStatus.Phase.FAILED);
        assertThat(world.state.desired().canaryUp()).isTrue();
    }

    @Test
    void aFixAfterAFailedPromotionIsNotRolledBackToTheBrokenPrimary() { // D5
        var world = promotionFailed();

        world.revision("v1:fix");
        assertThat(world.canary()).isEqualTo(Percent.ALL);
        world.canaryReady();
        assertThat(world.canary()).isEqualTo(Percent.ALL);
        world.confirm();
        for (int look = 0; look < 3; look++) {
            world.check(0, look, PASSED);
        }
        world.confirm();
        world.primaryReady("v1:fix");
        assertThat(world.canary()).isEqualTo(Percent.ZERO);
    }

    @Test
    void aRevisionPushedWhilePromotingGetsNoTrafficUnproven() { // D20
        var world = inStep(World.spec(new Strategy.Progressive(List.of(FIFTY), Percent.ZERO)), 0);
        world.check(0, 0, PASSED);
        world.confirm();

        assertThat(world.revision("v1:next")).singleElement().isInstanceOf(TrafficReturnStarted.class);
        assertThat(world.canary()).isEqualTo(Percent.ZERO);
        world.confirm();
        world.primaryReady(NEW);
        world.tick();
        world.confirm();
        assertThat(world.said).anyMatch(Promoted.class::isInstance);
        assertThat(world.state.run().orElseThrow().revision()).isEqualTo("v1:next");
    }

    @Test
    void deletionWithRevertWaitsForTheTarget() {
        var world = initialized(spec());
        assertThat(world.hear(new CanaryDeleted("uid-1", true))).containsExactly(new TerminationStarted());
        assertThat(world.state.desired().canaryUp()).isTrue();
        world.confirm();
        assertThat(world.canaryReady()).containsExactly(new HandbackStarted());
        assertThat(world.state.desired().stage()).isEqualTo(Stage.RESTORED);
        world.hear(new TargetRestored(world.state.wantedBy(), Duration.ZERO));
        assertThat(world.state.phase()).isEqualTo(new RolloutState.Phase.New());
    }

    @Test
    void seqNeverRestarts() {
        var world = rolledBack();
        long seq = world.state.seq();
        world.hear(new CanaryDeleted("uid-1", false));
        assertThat(world.state.desired()).isEqualTo(Desired.NOTHING);
        world.hear(new CanaryApplied("uid-2", 1, spec()));

        assertThat(world.state.seq()).isGreaterThan(seq);
        assertThat(world.state.phase()).isInstanceOf(RolloutState.Phase.Initializing.class);
    }

    @Test
    void theSameContentUnderAnotherHashIsNoRelease() {
        var world = initialized(spec());

        assertThat(world.hear(new RevisionDetected("v2:old", Optional.of(OLD), List.of(), List.of(), new TreeMap<>())))
                .isEmpty();
        assertThat(world.state.promoted()).isEqualTo("v2:old");
        assertThat(world.state.desired()).isEqualTo(world.state.confirmed());
    }

    @Test
    void aCanaryThatWasReadyBeforeItWasAskedForGetsItsWeight() {
        var world = inStep(spec(), 0);
        world.workload(Role.TARGET, "v1:fix", 1);
        world.revision("v1:fix"); // its pods stand: neither a scaling nor a readiness is said again

        world.confirm();
        assertThat(world.said).last().isInstanceOf(StepStarted.class);
    }

    @Test
    void aPauseBeforeTheFirstStepLosesNoReadiness() {
        var world = initialized(spec());
        world.revision(NEW);
        world.command("1", PAUSE);
        world.confirm();
        world.canaryReady();
        world.command("2", RESUME);
        world.confirm();

        assertThat(world.canary()).isEqualTo(FIVE);
    }

    @Test
    void aHandThatRaisesDuringThePromotionDoesNotUndoThePrimary() {
        var world = promoting();
        world.hear(new RouteChangedByHand(world.state.confirmed().seq(), FIFTY, Percent.ALL, "kubectl"));
        world.confirm();

        assertThat(world.primaryReady(NEW)).singleElement().isInstanceOf(TrafficReturnStarted.class);
    }

    @Test
    void aPrimaryThatStaysUnreadyHoldsUpNoNewRevision() {
        var world = promoting();
        world.revision("v1:next");
        world.confirm();

        assertThat(world.tick()).first().isInstanceOf(Superseded.class);
        assertThat(world.state.run().orElseThrow().revision()).isEqualTo("v1:next");
        assertThat(world.canary()).isEqualTo(Percent.ZERO);
    }

    @Test
    void aPromotionThatNeverReachedThePrimaryGoesBackToIt() {
        var world = inStep(spec(), 2);
        world.check(2, 0, PASSED);
        world.hear(new WriteFailed(world.state.wantedBy(), "primary", "forbidden", Duration.ZERO));

        assertThat(world.tick())
                .singleElement()
                .isInstanceOfSatisfying(
                        RollbackStarted.class,
                        back -> assertThat(back.reasons().getFirst()).contains("forbidden"));
        assertThat(world.canary()).isEqualTo(Percent.ZERO);
    }

    @Test
    void aTargetThatIsRevertedBeforeThePrimaryIsUpdatedGoesBack() {
        var world = inStep(spec(), 2);
        world.check(2, 0, PASSED);

        assertThat(world.revision(OLD)).singleElement().isInstanceOf(RollbackStarted.class);
    }

    @Test
    void aPrimaryUpdatedTooLateForItsPromotionRunsWhatItRuns() {
        var world = inStep(spec(), 2);
        world.check(2, 0, PASSED);
        long promotion = world.state.wantedBy();
        world.revision("v1:fix");
        world.hear(new PrimaryUpdated(promotion, NEW, Duration.ZERO));

        assertThat(world.state.desired().primary()).isEqualTo(NEW); // the old template is nowhere any more
    }

    @Test
    void aFailedPromotionMayBeTriedAgain() {
        var world = promotionFailed();
        assertThat(world.command("again", RETRY)).first().isInstanceOf(RolloutStarted.class);
        world.canaryReady();
        world.confirm();
        for (int look = 0; look < 3; look++) {
            world.check(0, look, PASSED);
        }
        world.primaryReady(NEW);
        world.confirm();

        assertThat(world.canary()).isEqualTo(Percent.ZERO);
    }

    @Test
    void anotherNameOfTheFailedRevisionIsNoRelease() {
        var world = rolledBack();

        assertThat(world.hear(new RevisionDetected("v2:new", Optional.of(NEW), List.of(), List.of(), new TreeMap<>())))
                .isEmpty();
        assertThat(world.hear(new CanaryApplied("uid-1", 2, spec()))).isEmpty();
    }

    @Test
    void aRolloutGoesOnUnderAnotherNameOfItsRevision() {
        var world = inStep(spec(), 2);
        world.hear(new RevisionDetected("v2:new", Optional.of(NEW), List.of(), List.of(), new TreeMap<>()));
        world.check(2, 0, PASSED);
        world.confirm();
        world.primaryReady("v2:new");

        assertThat(world.canary()).isEqualTo(Percent.ZERO);
        assertThat(world.state.promoted()).isEqualTo("v2:new");
    }

    @Test
    void aPrimaryMadeTooLateIsNothingToWaitForAtDeletion() {
        var world = new World();
        world.hear(new CanaryApplied("uid-1", 1, spec()));
        world.revision(OLD);
        long first = world.state.wantedBy();
        world.revision(NEW); // before any primary was ready
        world.hear(new PrimaryUpdated(first, OLD, Duration.ZERO));
        world.hear(new CanaryDeleted("uid-1", true));
        long last = world.state.wantedBy();

        world.hear(new TrafficShifted(last, Percent.ZERO, Percent.ZERO, Duration.ZERO));
        world.hear(new CanaryScaled(last, 1, Duration.ZERO));

        assertThat(world.state.desired()).isEqualTo(world.state.confirmed()); // else it is written without end
        assertThat(world.canaryReady()).containsExactly(new HandbackStarted());
    }

    @Test
    void deletionGivesAnAbTestsCanaryNoFurtherRequests() {
        var match = List.of(new HttpMatch(new TreeMap<>(), new TreeMap<>(), new TreeMap<>()));
        var world = inStep(World.spec(new Strategy.AbTesting(3, match)), 0);
        world.hear(new CanaryDeleted("uid-1", true));

        assertThat(world.state.desired().match()).isEmpty();
        assertThat(world.canary()).isEqualTo(Percent.ZERO);
    }

    @Test
    void deletionDuringARollbackLeavesTheCanaryNoTraffic() {
        var world = inStep(spec(), 2);
        world.command("1", ABORT);
        world.hear(new CanaryDeleted("uid-1", true));

        assertThat(world.canary()).isEqualTo(Percent.ZERO);
    }

    @Test
    void aTargetThatWasUpAllAlongTakesOverAtDeletion() {
        var world = new World();
        world.hear(new CanaryApplied("uid-1", 1, spec()));
        world.revision(OLD);
        world.canaryReady();
        world.hear(new CanaryDeleted("uid-1", true));
        world.confirm();

        assertThat(world.said).last().isEqualTo(new HandbackStarted());
    }

    @Test
    void aLateWordOfACanaryThatIsGoneDeletesNothing() {
        var world = initialized(spec());
        assertThat(world.hear(new CanaryDeleted("uid-0", true))).isEmpty();
        assertThat(world.phase()).isEqualTo(CanaryStatus.Phase.INITIALIZED);
        world.hear(new CanaryDeleted("uid-1", false));

        assertThat(world.hear(new CanaryDeleted("uid-1", true))).isEmpty();
    }

    @Test
    void anotherTargetSupersedesAPromotionToo() {
        var world = promoting();
        var spec = Story.elsewhere(spec(), "basket", "gatewayapi:v1");

        assertThat(world.hear(new CanaryApplied("uid-1", 2, spec)))
                .singleElement()
                .isInstanceOf(Superseded.class);
        assertThat(world.state.desired()).isEqualTo(Desired.NOTHING); // until its revision is known
        assertThat(world.revision("v1:basket")).containsExactly(new InitializationStarted("v1:basket"));
    }

    private static World promoting() {
        var world = inStep(spec(), 2);
        world.check(2, 0, PASSED);
        world.confirm();
        return world;
    }

    private static World rolledBack() {
        var world = inStep(spec(), 0);
        world.command("abort", ABORT);
        world.confirm();
        world.tick();
        world.confirm();
        return world;
    }

    private static World promotionFailed() {
        var world = inStep(spec(), 2);
        world.check(2, 0, PASSED);
        world.confirm();
        world.tick();
        assertThat(world.said).last().isInstanceOf(PromotionFailed.class);
        world.confirm();
        return world;
    }
}
