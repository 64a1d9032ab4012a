package dev.aviary.cli.bench;

import static org.assertj.core.api.Assertions.assertThat;

import dev.aviary.eventlog.LoggedEvent;
import dev.aviary.eventlog.LoggedEvent.Taken;
import dev.aviary.events.*;
import dev.aviary.events.RollbackStarted.Cause;
import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.TreeMap;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class RollbacksTest {
    private static final CanaryKey CHECKOUT = new CanaryKey("bench", "shop", "checkout");
    private static final RolloutId FIRST = new RolloutId(1, "v2");
    private final Rollbacks rollbacks = new Rollbacks();

    @Test
    void theWayFromTheLookThatTrippedToTheRouteOfTheDecision() {
        heard(new RequestsCounted(FIRST, 0, 2, "q", new TreeMap<>()), 90, 95);
        heard(new RequestsCounted(FIRST, 0, 3, "q", new TreeMap<>()), 190, 195);
        rollbacks.route("shop", 6, 5, 50);
        rollbacks.route("shop", 7, 0, 270); // a watch may be quicker than the log
        heard(new GuardTripped(FIRST, 0, 3, "p99", 7, 0.001, "why"), 0, 210);
        decided(7, 240);
        rollbacks.route("shop", 8, 0, 900); // of a later decision

        assertThat(rollbacks.all()).containsExactly(new Rollback("shop 1-v2", 190, 195, 210, 212, 240, 270));
        assertThat(BenchCommand.table(rollbacks.all()))
                .contains("GuardTripped on the log -> route             60     60     60     60");
    }

    @Test
    void whatIsNotKnownFromEndToEndIsNotCounted() {
        heard(new RequestsCounted(FIRST, 0, 3, "q", new TreeMap<>()), 190, 195);
        heard(new GuardTripped(FIRST, 0, 3, "p99", 7, 0.001, "why"), 0, 210);
        decided(7, 240);

        assertThat(rollbacks.all()).isEmpty();
    }

    @Test
    void aRolloutThatIsOverIsWaitedFor() throws InterruptedException {
        assertThat(rollbacks.awaitEnded(CHECKOUT, 1, 1)).isFalse();

        heard(new RolledBack(FIRST, Duration.ofSeconds(1), List.of()), 0, 300);

        assertThat(rollbacks.awaitEnded(CHECKOUT, 1, 1)).isTrue();
    }

    @Test
    void aQuantileIsAValueThatWasMeasured() {
        var hundred = LongStream.rangeClosed(1, 100).boxed().toList().reversed();

        assertThat(Quantiles.of(hundred, one -> one)).isEqualTo(new Quantiles(50, 90, 99, 100));
        assertThat(Quantiles.of(List.of(7L), one -> one)).isEqualTo(new Quantiles(7, 7, 7, 7));
        assertThat(Quantiles.of(List.<Long>of(), one -> one)).isEqualTo(new Quantiles(0, 0, 0, 0));
    }

    private void heard(RolloutEvent event, long said, long at) {
        rollbacks.heard(CHECKOUT, LoggedEvent.fact("id", event), said, at, at + 2);
    }

    private void decided(long seq, long at) {
        var taken = new Taken(seq, Collections.emptySortedMap(), 1, Instant.EPOCH);
        var back = new RollbackStarted(FIRST, 0, Cause.GUARD, 0, Percent.ZERO, List.of());
        rollbacks.heard(CHECKOUT, LoggedEvent.decision("id", back, taken), 0, at, at + 2);
    }
}
