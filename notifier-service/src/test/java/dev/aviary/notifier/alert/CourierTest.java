package dev.aviary.notifier.alert;

import static dev.aviary.notifier.Samples.CHECKOUT;
import static dev.aviary.notifier.Samples.NOON;
import static org.assertj.core.api.Assertions.assertThat;

import dev.aviary.eventlog.LoggedEvent;
import dev.aviary.events.AlertDelivered;
import dev.aviary.events.AlertFailed;
import dev.aviary.events.CanaryKey;
import dev.aviary.events.RolloutEvent;
import dev.aviary.notifier.NotifierMetrics;
import dev.aviary.notifier.channel.Outcome;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

class CourierTest {
    private static final Alert ALERT = new Alert(Severity.ERROR, "Failed checks threshold reached 2", List.of());
    private static final Delivery FIRST =
            Delivery.first(CHECKOUT, "eu/shop/checkout/8", NOON, new Message.ToChannel("shop/slack", ALERT), 0);

    private final TurnedClock clock = new TurnedClock();
    private final Deque<Delivery> waiting = new ArrayDeque<>();
    private final List<RolloutEvent> said = new ArrayList<>();
    private final List<Instant> tried = new ArrayList<>();

    @Test
    void aReceiverThatIsAwayForTenMinutesGetsItsAlertOnceAfterwards() {
        var back = NOON.plus(Duration.ofMinutes(10));
        var courier = courier(_ -> clock.instant().isBefore(back) ? new Outcome.Away("no connection") : accepted());

        courier.deliver(FIRST);
        untilNothingWaits(courier);

        assertThat(said).containsExactly(new AlertDelivered("eu/shop/checkout/8", "shop/slack", tried.size()));
        assertThat(tried.getLast()).isBetween(back, back.plusSeconds(30));
        assertThat(tried.size()).isLessThan(30);
    }

    @Test
    void theWaitDoublesUpToItsBound() {
        var courier = courier(_ -> tried.size() < 8 ? new Outcome.Away("503") : accepted());

        courier.deliver(FIRST);
        untilNothingWaits(courier);

        assertThat(tried)
                .extracting(at -> Duration.between(NOON, at).toSeconds())
                .containsExactly(0L, 2L, 6L, 14L, 30L, 60L, 90L, 120L);
    }

    @Test
    void whatIsRefusedIsGivenUpAtOnceAndSaid() {
        courier(_ -> new Outcome.Refused("it answered 404")).deliver(FIRST);

        assertThat(waiting).isEmpty();
        assertThat(said).containsExactly(new AlertFailed("eu/shop/checkout/8", "shop/slack", 1, "it answered 404"));
    }

    @Test
    void afterADayItIsGivenUp() {
        var courier = courier(_ -> new Outcome.Away("no connection"));

        courier.deliver(FIRST);
        untilNothingWaits(courier);

        assertThat(said).singleElement().isInstanceOf(AlertFailed.class);
        assertThat(tried.getLast()).isAfterOrEqualTo(NOON.plus(Duration.ofHours(24)));
    }

    @Test
    void aRepeatedRecordIsNotDeliveredTwice() {
        var courier = courier(_ -> accepted());

        courier.deliver(FIRST);
        courier.deliver(FIRST);

        assertThat(tried).hasSize(1);
    }

    @Test
    void aReceiverThatDoesNotAnswerHoldsUpNobodyElse() throws InterruptedException {
        var stuck = new CountDownLatch(1);
        var reached = new CountDownLatch(1);
        var courier = courier(delivery -> {
            if (delivery.message().receiver().equals("shop/slack")) {
                reached.countDown();
                awaited(stuck);
            }
            return accepted();
        });
        var slow = Thread.ofVirtual().start(() -> courier.deliver(FIRST));
        reached.await();

        courier.deliver(Delivery.first(CHECKOUT, "9", NOON, new Message.ToChannel("shop/other", ALERT), 0));
        courier.deliver(Delivery.first(CHECKOUT, "10", NOON, new Message.ToChannel("shop/slack", ALERT), 0));

        assertThat(said).containsExactly(new AlertDelivered("9", "shop/other", 1));
        assertThat(waiting).singleElement().satisfies(later -> {
            assertThat(later.event()).isEqualTo("10");
            assertThat(later.tries()).isZero();
        });
        stuck.countDown();
        slow.join();
    }

    @Test
    void aPostRolloutHooksEndIsAmongTheEvents() {
        var hook = new Message.ToHook(
                "shop/checkout",
                "report",
                false,
                Optional.of("uid"),
                "Succeeded",
                "c",
                Optional.of(false),
                new Note(false, ""));
        courier(_ -> accepted()).deliver(Delivery.first(CHECKOUT, "11", NOON, hook, 0));

        assertThat(waiting)
                .singleElement()
                .extracting(Delivery::message)
                .isEqualTo(new Message.ToKubernetes(
                        "shop", "uid", "Succeeded", new Note(false, "Post-rollout check report passed")));
    }

    private Courier courier(Function<Delivery, Outcome> receiver) {
        var desk = new Courier.Desk() {
            @Override
            public void send(List<Delivery> all) {
                waiting.addAll(all);
            }

            @Override
            public void retry(Delivery delivery) {
                waiting.add(delivery);
            }

            @Override
            public void say(CanaryKey canary, LoggedEvent fact) {
                said.add(fact.event());
            }
        };
        return new Courier(
                delivery -> {
                    tried.add(clock.instant());
                    return receiver.apply(delivery);
                },
                desk,
                new Courier.Patience(Duration.ofSeconds(2), Duration.ofSeconds(30), Duration.ofHours(24)),
                new Turns(Duration.ZERO),
                clock,
                clock::turn,
                new NotifierMetrics(new SimpleMeterRegistry()));
    }

    private void untilNothingWaits(Courier courier) {
        while (!waiting.isEmpty()) {
            courier.deliver(waiting.remove());
        }
    }

    private static Outcome accepted() {
        return new Outcome.Accepted();
    }

    private static void awaited(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private static final class TurnedClock extends Clock {
        private Instant now = NOON;

        void turn(Instant to) {
            now = to;
        }

        @Override
        public Instant instant() {
            return now;
        }

        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            return this;
        }
    }
}
