package dev.aviary.analyzer.count;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.aviary.analyzer.Samples;
import dev.aviary.analyzer.live.LivePods.LivePod;
import dev.aviary.analyzer.metric.RawSamples;
import dev.aviary.analyzer.metric.RawSamples.Point;
import dev.aviary.analyzer.promql.CountableReader;
import dev.aviary.events.Bounds;
import dev.aviary.events.Count;
import dev.aviary.events.Count.Counted;
import dev.aviary.events.Count.PodCount;
import dev.aviary.events.Count.Side;
import dev.aviary.events.Count.Source;
import dev.aviary.events.MetricSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;

class FallbackCountingTest {
    private static final Instant NOON = Instant.parse("2026-01-01T12:00:00Z");
    private static final MetricSpec SUCCESS = metric("sum(rate(hits_total{job=\"web\",pod=~\"checkout-[0-9a-z]+-.*\","
            + "status!~\"5..\"}[1m])) / sum(rate(hits_total{job=\"web\",pod=~\"checkout-[0-9a-z]+-.*\"}[1m]))");

    private final List<String> asked = new CopyOnWriteArrayList<>();
    private final Map<Side, List<RawSamples.Series>> stored = new TreeMap<>();
    private Count atPods = new Count.ThresholdOnly("its label 'job' is Prometheus' own");
    private boolean prometheusIsAway;
    private CountDownLatch prometheusIsSlow = new CountDownLatch(0);
    private Instant now = NOON;
    private ExecutorService threads = SimulatedRollout.atOnce();

    @Test
    void whatThePodsDoNotTellIsCountedByRawCountersEachSampleOnce() {
        store(Side.CANARY, series("checkout-7f-a", "200", at(-5, 10)), series("checkout-7f-a", "500", at(-5, 1)));
        store(Side.PRIMARY, series("checkout-primary-9c-b", "200", at(-5, 1000)));
        var session = session(SUCCESS);
        assertThat(counted(session).pods()).isEmpty();

        now = NOON.plusSeconds(11);
        store(
                Side.CANARY,
                series("checkout-7f-a", "200", at(-5, 10), at(5, 14), at(10, 20)),
                series("checkout-7f-a", "500", at(-5, 1), at(5, 1), at(10, 3)));
        store(Side.PRIMARY, series("checkout-primary-9c-b", "200", at(-5, 1000), at(5, 1100)));
        now = NOON.plusSeconds(61);
        var second = counted(session);

        assertThat(second.source()).isEqualTo(Source.PROMETHEUS);
        assertThat(second.note()).hasValue("read from Prometheus, for its label 'job' is Prometheus' own");
        assertThat(second.pods())
                .containsExactly(
                        new PodCount("checkout-7f-a", "", Side.CANARY, 2, 12),
                        new PodCount("checkout-primary-9c-b", "", Side.PRIMARY, 0, 100));
        now = NOON.plusSeconds(70);
        assertThat(counted(session).pods()).isEmpty();
        assertThat(asked.getFirst()).isEqualTo("hits_total{job=\"web\",pod=~\"checkout-[0-9a-z]+-.*\"}[60s]");
        assertThat(asked.get(1)).contains("pod=~\"checkout-primary-[0-9a-z]+-.*\"");
    }

    @Test
    void aCounterThatFallsBeganAtZeroAndANewPodsAlsoDo() {
        store(Side.CANARY, series("checkout-7f-a", "200", at(-5, 100)));
        var session = session(SUCCESS);
        counted(session);

        now = NOON.plusSeconds(61);
        store(
                Side.CANARY,
                series("checkout-7f-a", "200", at(-5, 100), at(5, 130), at(10, 20), at(15, 45)),
                series("checkout-7f-new", "200", at(20, 7)),
                series("checkout-7f-unknown", "200", at(20, 9)),
                series("checkout-primary-9c-b", "200", at(-5, 1), at(20, 999)));

        assertThat(counted(session).pods())
                .containsExactly(
                        new PodCount("checkout-7f-a", "", Side.CANARY, 0, 75),
                        new PodCount("checkout-7f-new", "", Side.CANARY, 0, 7));
    }

    @Test
    void podsThatAreUnreachableForSomeLooksAreLeftForGood() {
        store(Side.CANARY, series("checkout-7f-a", "200", at(-5, 100)));
        atPods = new Count.Unread("no answer");
        var session = session(SUCCESS);
        for (int look = 1; look < 2 * FallbackCounting.PATIENCE; look++) {
            assertThat(session.look().get("success")).isEqualTo(atPods);
        }
        now = NOON.plus(FallbackCounting.AT_LEAST);

        assertThat(counted(session).source()).isEqualTo(Source.PROMETHEUS);
        atPods = new Counted(Source.PODS, 0.1, "failed", Optional.empty(), List.of());
        assertThat(counted(session).source()).isEqualTo(Source.PROMETHEUS);
    }

    /// Prometheus' last sample before the change is older than what the pods told last.
    @Test
    void aRequestThatThePodsToldIsNotToldAgain() {
        atPods = new Counted(Source.PODS, 0.1, "failed", Optional.empty(), List.of());
        var session = session(SUCCESS);
        session.look();
        atPods = new Count.ThresholdOnly("it changed");
        now = NOON.plusSeconds(10);
        store(Side.CANARY, series("checkout-7f-a", "200", at(-5, 10)));
        session.look();

        now = NOON.plusSeconds(71);
        store(Side.CANARY, series("checkout-7f-a", "200", at(-5, 10), at(12, 60), at(27, 75)));

        assertThat(counted(session).pods()).containsExactly(new PodCount("checkout-7f-a", "", Side.CANARY, 0, 15));
    }

    /// Nobody else counted what came while they couldn't be read.
    @Test
    void podsThatCouldNeverBeReadAreCountedFromTheStart() {
        atPods = new Count.Unread("no answer");
        var session = session(SUCCESS);
        for (int look = 1; look < FallbackCounting.PATIENCE; look++) {
            session.look();
        }
        now = NOON.plusSeconds(20);
        store(
                Side.CANARY,
                series("checkout-7f-a", "200", at(-5, 10), at(2, 14)),
                series("checkout-7f-new", "200", at(18, 7)));

        assertThat(counted(session).pods())
                .containsExactly(
                        new PodCount("checkout-7f-a", "", Side.CANARY, 0, 4),
                        new PodCount("checkout-7f-new", "", Side.CANARY, 0, 7));
    }

    @Test
    void countsThatAgreeWithPrometheusStayThePods() {
        var session = session(SUCCESS);
        for (int second = 1; second <= 60; second++) {
            served(second, 5);
            var count = counted(session);
            assertThat(count.source()).as("second " + second).isEqualTo(Source.PODS);
        }
        assertThat(asked).isNotEmpty().hasSizeLessThan(5);
    }

    @Test
    void countsThatPrometheusDoesNotShareAreLeftForItsOwn() {
        var session = session(SUCCESS);
        var sources = new ArrayList<Source>();
        var notes = new ArrayList<String>();
        for (int second = 1; second <= 60; second++) {
            served(second, 12);
            var count = counted(session);
            sources.add(count.source());
            count.note().ifPresent(notes::add);
        }
        assertThat(sources).startsWith(Source.PODS).endsWith(Source.PROMETHEUS);
        assertThat(notes.getFirst()).contains("the pods' own count isn't Prometheus'", "over the same time");
    }

    @Test
    void aSlowPrometheusHoldsUpNoLook() {
        try (var slow = Executors.newVirtualThreadPerTaskExecutor()) {
            threads = slow;
            prometheusIsSlow = new CountDownLatch(1);
            atPods = new Count.ThresholdOnly("its label 'job' is Prometheus' own");
            store(Side.CANARY, series("checkout-7f-a", "200", at(-5, 10)));
            var session = session(SUCCESS);

            for (int second = 1; second < 20; second++) {
                now = NOON.plusSeconds(second);
                assertThat(session.look().get("success")).isInstanceOf(Count.Unread.class);
            }
            prometheusIsSlow.countDown();
            await().untilAsserted(
                            () -> assertThat(session.look().get("success")).isInstanceOf(Counted.class));
            assertThat(asked).as("one question at a time, of both sides").hasSizeLessThanOrEqualTo(4);
        }
    }

    @Test
    void aLabelThatMayBeMissingIsNoReasonToLeaveThePods() {
        var selector = "hits_total{path!=\"/health\",pod=~\"checkout-.*\"";
        var tallying = Tallying.of(
                CountableReader.read(
                        "sum(rate(%s,status!~\"5..\"}[1m])) / sum(rate(%s}[1m]))".formatted(selector, selector),
                        new Bounds(Optional.of(0.9), Optional.empty())),
                "shop",
                "checkout");
        SortedMap<String, String> labels = new TreeMap<>(Map.of("status", "200"));

        assertThat(tallying.unfit(Set.of(new Series("hits_total", labels)))).isEmpty();
    }

    /// Five requests a second at the pod.
    ///
    /// @param each as Prometheus has it, scraped every 5 s
    private void served(int second, int each) {
        now = NOON.plusSeconds(second);
        atPods = new Counted(
                Source.PODS,
                0.1,
                "failed",
                Optional.empty(),
                List.of(new PodCount("checkout-7f-a", "n", Side.CANARY, 0, 5)));
        var points = java.util.stream.IntStream.rangeClosed(0, second / 5)
                .mapToObj(scrape -> at(scrape * 5, scrape * 5 * each))
                .toArray(Point[]::new);
        store(Side.CANARY, series("checkout-7f-a", "200", points));
    }

    @Test
    void whatNobodyTellsIsNoData() {
        var session = session(SUCCESS);
        assertThat(session.look().get("success"))
                .isEqualTo(new Count.Unread("its label 'job' is Prometheus' own; and Prometheus has no such series"));
        prometheusIsAway = true;
        now = NOON.plusSeconds(2);
        assertThat(session.look().get("success"))
                .isEqualTo(new Count.Unread("its label 'job' is Prometheus' own; and at Prometheus: it is away"));
    }

    @Test
    void aQueryThatDoesNotTellTheSidesApartStaysThresholdOnly() {
        var both = metric(
                "sum(rate(hits_total{job=\"web\",status!~\"5..\"}[1m])) / sum(rate(hits_total{job=\"web\"}[1m]))");

        assertThat(session(both).look().get("success")).isEqualTo(atPods);
        assertThat(asked).isEmpty();
    }

    private Counting.Session session(MetricSpec metric) {
        return new FallbackCounting(
                        (_, _, _) -> () -> new TreeMap<>(Map.of("success", atPods)),
                        (_, _, _, range) -> {
                            asked.add(range);
                            awaited(prometheusIsSlow);
                            return prometheusIsAway
                                    ? new RawSamples.None("it is away")
                                    : new RawSamples.Stored(stored.getOrDefault(
                                            range.contains("primary") ? Side.PRIMARY : Side.CANARY, List.of()));
                        },
                        (_, _, one) -> one.source() instanceof MetricSpec.Query(var promql)
                                ? Optional.of(promql)
                                : Optional.empty(),
                        (_, _) -> List.of(new LivePod("checkout-7f-new", "n", "", NOON.plusSeconds(15))),
                        () -> now,
                        threads)
                .begin(Samples.CHECKOUT, Samples.spec(Duration.ofSeconds(60), List.of(metric)), NOON);
    }

    private static void awaited(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException ends) {
            Thread.currentThread().interrupt();
        }
    }

    private static Counted counted(Counting.Session session) {
        return (Counted) session.look().get("success");
    }

    private void store(Side side, RawSamples.Series... series) {
        stored.put(side, List.of(series));
    }

    private static RawSamples.Series series(String pod, String status, Point... points) {
        SortedMap<String, String> labels = new TreeMap<>(Map.of("job", "web", "pod", pod, "status", status));
        return new RawSamples.Series("hits_total", labels, List.of(points));
    }

    private static Point at(int second, double value) {
        return new Point(NOON.plusSeconds(second).toEpochMilli(), value);
    }

    private static MetricSpec metric(String promql) {
        return new MetricSpec(
                "success", new MetricSpec.Query(promql), "1m", new Bounds(Optional.of(0.9), Optional.empty()));
    }
}
