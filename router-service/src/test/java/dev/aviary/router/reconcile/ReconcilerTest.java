package dev.aviary.router.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.aviary.decisions.rollout.Desired;
import dev.aviary.decisions.rollout.Desired.Stage;
import dev.aviary.events.CanaryKey;
import dev.aviary.events.Percent;
import dev.aviary.events.RouteChangedByHand;
import dev.aviary.events.RouterOutcome;
import dev.aviary.events.TrafficShifted;
import dev.aviary.events.WentBlind;
import dev.aviary.events.WriteFailed;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import org.junit.jupiter.api.Test;

class ReconcilerTest {
    private static final CanaryKey CHECKOUT = new CanaryKey("eu", "shop", "checkout");
    private static final Desired BEFORE = serving(7, "5");
    private static final Desired UP = serving(8, "20");
    private static final Desired DOWN = serving(9, "0");

    private final List<RouterOutcome> said = new ArrayList<>();
    private final Queue<Runnable> later = new ArrayDeque<>();
    private final World world = new World();
    private boolean logIsAway;
    private Instant now = Instant.parse("2026-01-01T12:00:00Z");
    private final Reconciler reconciler = new Reconciler(
            Runnable::run,
            (_, task) -> later.add(task),
            world,
            (_, outcome) -> !logIsAway && said.add(outcome),
            () -> now);

    @Test
    void itAnswersAlsoIfAllWasSoAlready() {
        reconciler.want(CHECKOUT, DOWN, DOWN);

        assertThat(said).containsExactly(shifted(DOWN));
    }

    @Test
    void anAnswerThatIsOnItsWayIsNotSaidAgain() {
        reconciler.want(CHECKOUT, DOWN, BEFORE);
        reconciler.want(CHECKOUT, DOWN, BEFORE); // another event came in between
        reconciler.want(CHECKOUT, DOWN, UP); // half of the answer was heard

        assertThat(said).containsExactly(shifted(DOWN));
    }

    @Test
    void whatAHandChangedIsWishedForAnew() {
        reconciler.want(CHECKOUT, DOWN, BEFORE);
        world.byHand = Optional.of(new RouteChangedByHand(9, Percent.ZERO, Percent.of("50"), "kubectl-edit"));
        reconciler.changed(CHECKOUT);

        reconciler.want(CHECKOUT, DOWN, serving(9, "50")); // heard that it stands at 50

        assertThat(said).containsExactly(shifted(DOWN), world.byHand.orElseThrow(), shifted(DOWN));
    }

    @Test
    void whoGetsACanaryBackAnswersAnew() {
        reconciler.want(CHECKOUT, DOWN, BEFORE);
        reconciler.forget(CHECKOUT);
        reconciler.want(CHECKOUT, DOWN, BEFORE);

        assertThat(said).containsExactly(shifted(DOWN), shifted(DOWN));
    }

    @Test
    void aFailureIsSaidWhenItsReasonChanges() {
        world.refusals.addAll(List.of("503", "503", "409"));

        reconciler.want(CHECKOUT, UP, BEFORE);
        reconciler.want(CHECKOUT, UP, BEFORE); // waits for its next try, as before
        for (int retry = 0; retry < 3; retry++) {
            later.remove().run();
        }

        assertThat(said)
                .containsExactly(
                        new WriteFailed(8, "route", "503", Duration.ofSeconds(1)),
                        new WriteFailed(8, "route", "409", Duration.ofSeconds(4)),
                        shifted(UP));
    }

    @Test
    void aNewerWishDoesNotWaitForTheRetryOfAnOlderOne() {
        world.refusals.add("503");
        reconciler.want(CHECKOUT, UP, BEFORE);

        reconciler.want(CHECKOUT, DOWN, BEFORE);
        later.remove().run();

        assertThat(said).last().isEqualTo(shifted(DOWN));
    }

    @Test
    void anAnswerThatTheLogDidNotTakeIsDoneAndSaidAgain() {
        logIsAway = true;
        reconciler.want(CHECKOUT, UP, BEFORE);
        logIsAway = false;

        later.remove().run();

        assertThat(said).containsExactly(shifted(UP));
    }

    @Test
    void aBugIsSaidAndTriedAgain() {
        world.bug = Optional.of(new IllegalStateException("oops"));
        reconciler.want(CHECKOUT, UP, BEFORE);
        world.bug = Optional.empty();
        later.remove().run();

        assertThat(said).hasSize(2).last().isEqualTo(shifted(UP));
    }

    @Test
    void aRouteThatAHandChangedIsToldOfOnce() {
        reconciler.settled(CHECKOUT, UP);
        world.byHand = Optional.of(new RouteChangedByHand(8, Percent.of("20"), Percent.of("50"), "kubectl-edit"));

        reconciler.changed(CHECKOUT);
        reconciler.changed(CHECKOUT); // its status, written by the gateway

        assertThat(said).containsExactly(world.byHand.orElseThrow());
    }

    @Test
    void anOwnWriteIsNotTakenForAHands() {
        reconciler.settled(CHECKOUT, BEFORE);
        reconciler.want(CHECKOUT, UP, BEFORE);

        reconciler.changed(CHECKOUT);

        assertThat(world.inspected).last().isEqualTo(UP); // not what was confirmed before it
    }

    @Test
    void aRolloutWithoutTheLogGoesToTheSafeSideAndSaysSoWhenTheLogIsThereAgain() {
        reconciler.guard(CHECKOUT, UP, SafeSide.PRIMARY);
        logIsAway = true;
        var watchdog = new Watchdog(Duration.ofSeconds(30), () -> now, () -> !logIsAway, reconciler);

        now = now.plusSeconds(29);
        watchdog.look();
        assertThat(world.retreats).isEmpty();
        now = now.plusSeconds(1);
        watchdog.look();
        watchdog.look(); // once is enough
        assertThat(world.retreats).containsExactly(UP);
        assertThat(watchdog.isBlind()).isTrue();

        logIsAway = false;
        watchdog.look();
        later.remove().run();

        assertThat(said).containsExactly(new WentBlind(8, Percent.ZERO, Duration.ofSeconds(30)));
        assertThat(watchdog.isBlind()).isFalse();
    }

    @Test
    void aCanaryThatMayHaveGoneToAnotherInstanceIsGuardedUntilTheLogSaysSo() {
        reconciler.guard(CHECKOUT, UP, SafeSide.PRIMARY);
        reconciler.forget(CHECKOUT); // the stream closed its tasks when it lost its coordinator

        reconciler.retreat(Duration.ofSeconds(30));

        assertThat(world.retreats).containsExactly(UP);
    }

    @Test
    void aCanaryOfAnotherInstanceIsLeftAlone() {
        reconciler.guard(CHECKOUT, UP, SafeSide.PRIMARY);
        reconciler.forget(CHECKOUT);
        reconciler.seesTheLog();

        reconciler.retreat(Duration.ofSeconds(30));

        assertThat(world.retreats).isEmpty();
    }

    private static final class World implements Reconciler.World {
        private final Queue<String> refusals = new ArrayDeque<>();
        private final List<Desired> inspected = new ArrayList<>();
        private final List<Desired> retreats = new ArrayList<>();
        private Optional<RouteChangedByHand> byHand = Optional.empty();
        private Optional<RuntimeException> bug = Optional.empty();

        @Override
        public List<RouterOutcome> apply(
                CanaryKey canary, Desired desired, Desired confirmed, Instant since, Duration nextTry) {
            bug.ifPresent(thrown -> {
                throw thrown;
            });
            return List.of(
                    refusals.isEmpty()
                            ? shifted(desired)
                            : new WriteFailed(desired.seq(), "route", refusals.remove(), nextTry));
        }

        @Override
        public Optional<RouteChangedByHand> inspect(CanaryKey canary, Desired standing) {
            inspected.add(standing);
            return byHand;
        }

        @Override
        public Percent retreat(CanaryKey canary, Desired committed, SafeSide safe) {
            retreats.add(committed);
            return Percent.ZERO;
        }
    }

    private static TrafficShifted shifted(Desired desired) {
        return new TrafficShifted(desired.seq(), desired.canary(), desired.mirror(), Duration.ZERO);
    }

    private static Desired serving(long seq, String canary) {
        return new Desired(seq, Stage.SERVING, "v1:a", Percent.of(canary), Percent.ZERO, List.of(), true);
    }
}
