package dev.aviary.decisions.guard;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Random;
import java.util.function.Predicate;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.statistics.Statistics;
import org.junit.jupiter.api.Test;

class LateRequestsTest {
    private static final long BOUND = 500;

    @Test
    void aRequestThatHangsCountsAtTheFirstLookThatIsTheBoundAfterOneThatSawIt() {
        var late = LateRequests.joining(BOUND, 10, 0)
                .seen(-100, -100, 10, 0, 0)
                .seen(0, 0, 10, 0, 3)
                .seen(499, 499, 10, 0, 5);
        assertThat(late.slow()).isZero();

        late = late.seen(500, 500, 10, 0, 7);
        assertThat(late.slow()).isEqualTo(3);
        assertThat(late.seen(1000, 1000, 10, 0, 7).slow()).isEqualTo(7);
    }

    @Test
    void whatWasLateIsNotCountedAgainWhenItEnds() {
        var late = LateRequests.newborn(BOUND)
                .seen(0, 0, 10, 0, 3)
                .seen(500, 500, 10, 0, 3)
                .seen(600, 600, 13, 3, 0);

        assertThat(late.slow()).isEqualTo(3);
        assertThat(late.total()).isEqualTo(13);
    }

    @Test
    void whatDiedWithARestartIsNotTakenForWhatIsInFlightAfterIt() {
        var late = LateRequests.newborn(BOUND)
                .seen(0, 0, 10, 0, 4)
                .seen(400, 400, 0, 0, 4)
                .seen(800, 800, 1, 0, 4);

        assertThat(late.slow()).isZero();
        assertThat(late.total()).isEqualTo(11);
    }

    @Test
    void whatAPodServedBeforeIsNotCounted() {
        var late = LateRequests.joining(BOUND, 1000, 7).seen(0, 0, 1000, 7, 0).seen(1000, 1000, 1020, 8, 0);

        assertThat(late.slow()).isEqualTo(1);
        assertThat(late.total()).isEqualTo(20);
    }

    /// A gauge read before the histogram sees a request in flight that the histogram sees ended.
    @Test
    void aRequestSeenTwiceInOneScrapeDoesNotMakeTheNextOneLate() {
        var late = LateRequests.newborn(BOUND)
                .seen(0, 0, 9, 0, 0)
                .seen(100, 110, 10, 0, 1)
                .seen(700, 710, 10, 0, 1);

        assertThat(late.slow()).isZero();
    }

    /// @param died when its pod restarted, or never
    private record Request(long begun, long ended, long died) {
        boolean hasBegun(long at) {
            return begun <= at;
        }

        boolean hasEnded(long at) {
            return ended < died && ended <= at;
        }

        boolean isInFlight(long at) {
            return hasBegun(at) && at < Math.min(ended, died);
        }

        boolean isLate(long at) {
            return Math.min(at, Math.min(ended, died)) - begun >= BOUND;
        }
    }

    /// Gauge and histogram are read at any two moments of a scrape; restarts kill what is in flight.
    @Property(tries = 2000)
    void neverMoreSlowThanThereAreAndEachOnce(@ForAll long seed) {
        var random = new Random(seed);
        long end = 20_000;
        long[] restarts = random.ints(random.nextInt(3), 0, (int) end)
                .asLongStream()
                .sorted()
                .toArray();
        int slowness = random.nextInt(1, 1200);
        var requests = Stream.generate(() -> request(random, end, slowness, restarts))
                .limit(random.nextInt(1, 200))
                .toList();

        var late = LateRequests.newborn(BOUND);
        long lifeBegan = 0;
        int early = 0;
        for (long asked = 0; asked < end + 10_000; ) {
            long answered = asked + random.nextInt(60);
            long life =
                    LongStream.of(restarts).filter(at -> at <= answered).max().orElse(0);
            if (life != lifeBegan) {
                late = late.restarted();
                lifeBegan = life;
            }
            long since = lifeBegan;
            long from = Math.max(asked, life);
            long histogramAt = from + random.nextLong(answered - from + 1);
            long gaugeAt = from + random.nextLong(answered - from + 1);
            var ended = requests.stream()
                    .filter(it -> it.begun() >= since && it.hasEnded(histogramAt))
                    .toList();
            long slowEnded = ended.stream()
                    .filter(it -> it.ended() - it.begun() >= BOUND)
                    .count();
            long inFlight =
                    requests.stream().filter(it -> it.isInFlight(gaugeAt)).count();
            var before = late;
            late = late.seen(from, answered, ended.size(), slowEnded, inFlight);

            assertThat(late.slow()).isGreaterThanOrEqualTo(before.slow());
            assertThat(late.fast()).isGreaterThanOrEqualTo(before.fast());
            assertThat(late.slow()).isLessThanOrEqualTo(count(requests, it -> it.isLate(histogramAt)));
            assertThat(late.fast())
                    .isLessThanOrEqualTo(
                            count(requests, it -> it.hasEnded(histogramAt) && it.ended() - it.begun() < BOUND));
            if (late.slow() > count(requests, it -> it.hasEnded(histogramAt) && it.isLate(it.ended()))) {
                early++;
            }
            asked = answered + random.nextInt(400);
        }
        if (restarts.length == 0) {
            assertThat(late.slow()).isEqualTo(count(requests, it -> it.ended() - it.begun() >= BOUND));
            assertThat(late.total()).isEqualTo(requests.size());
        }
        Statistics.label("counted before they ended").collect(early > 0);
        Statistics.label("restarts").collect(restarts.length);
    }

    private static Request request(Random random, long end, int slowness, long[] restarts) {
        long begun = random.nextLong(end);
        long died = LongStream.of(restarts).filter(at -> at > begun).min().orElse(Long.MAX_VALUE);
        return new Request(begun, begun + random.nextInt(slowness) + 1, died);
    }

    private static long count(List<Request> requests, Predicate<Request> which) {
        return requests.stream().filter(which).count();
    }
}
