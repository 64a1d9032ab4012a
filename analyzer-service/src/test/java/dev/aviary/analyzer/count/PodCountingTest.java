package dev.aviary.analyzer.count;

import static org.assertj.core.api.Assertions.assertThat;

import dev.aviary.analyzer.HttpStub;
import dev.aviary.analyzer.Samples;
import dev.aviary.analyzer.live.LiveObjects;
import dev.aviary.analyzer.live.LivePods.LivePod;
import dev.aviary.events.Bounds;
import dev.aviary.events.Count;
import dev.aviary.events.Count.Counted;
import dev.aviary.events.Count.PodCount;
import dev.aviary.events.Count.Side;
import dev.aviary.events.Count.Source;
import dev.aviary.events.GuardSpec;
import dev.aviary.events.MetricSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class PodCountingTest {
    private static final Instant NOON = Instant.parse("2026-01-01T12:00:00Z");
    private static final MetricSpec SUCCESS = query(
            "success",
            "100 * sum(rate(hits_total{pod=~\"checkout-[0-9a-z]+(-[0-9a-z]+)\",status!~\"5..\"}[1m]))"
                    + " / sum(rate(hits_total{pod=~\"checkout-[0-9a-z]+(-[0-9a-z]+)\"}[1m]))",
            new Bounds(Optional.of(99.0), Optional.empty()));

    private static final MetricSpec P99 = query(
            "p99",
            "1000 * histogram_quantile(0.99, sum by (le) (rate(took_seconds_bucket{pod=~\"checkout-.*\"}[1m])))",
            new Bounds(Optional.empty(), Optional.of(500.0)));
    private static final GuardSpec GAUGE = new GuardSpec(
            GuardSpec.Mode.BOUND,
            0.001,
            5,
            Duration.ofSeconds(1),
            GuardSpec.Suspect.HOLD,
            Optional.empty(),
            Optional.empty(),
            Optional.of(new TreeMap<>(Map.of("p99", "pending"))));

    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final Scraper scraper = new Scraper(Duration.ofSeconds(30));
    private final HttpStub canary = new HttpStub();
    private final HttpStub primary = new HttpStub();
    private boolean apiIsAway;
    private boolean isListed = true;
    private Instant now = NOON;
    private Instant canaryStarted = NOON.minusSeconds(10);

    @AfterEach
    void close() {
        threads.shutdownNow();
        scraper.close();
        canary.close();
        primary.close();
    }

    @Test
    void eachSideCountsWhatCameSinceTheLookBefore() {
        canary.answers(200, hits(10, 1)).answers(200, hits(15, 3));
        primary.answers(200, hits(1000, 10)).answers(200, hits(1100, 10));
        var session = session(SUCCESS);

        assertThat(counted(session).pods()).isEmpty();
        var second = counted(session);

        assertThat(second.allowed()).isCloseTo(0.01, org.assertj.core.data.Offset.offset(1e-12));
        assertThat(second.pods())
                .containsExactly(
                        new PodCount("checkout-7f-a", "n1", Side.CANARY, 2, 7),
                        new PodCount("checkout-primary-9c-b", "n2", Side.PRIMARY, 0, 100));
    }

    @Test
    void whileTheCanaryStartsThePrimaryAloneIsRead() {
        canary.answers(503, "");
        primary.answers(200, hits(1000, 10)).answers(200, hits(1100, 10));
        var session = counting()
                .ahead(
                        Samples.CHECKOUT,
                        Samples.spec(Duration.ofSeconds(60), List.of(SUCCESS), Optional.of(GAUGE)),
                        NOON);

        assertThat(counted(session).pods()).isEmpty();
        assertThat(counted(session).pods())
                .containsExactly(new PodCount("checkout-primary-9c-b", "n2", Side.PRIMARY, 0, 100));
    }

    @Test
    void aPodThatStartedLaterCountsFromItsFirstRequest() {
        canaryStarted = NOON.plusSeconds(1);
        canary.answers(200, hits(2, 1));
        primary.answers(200, hits(1000, 10));

        assertThat(counted(session(SUCCESS)).pods())
                .containsExactly(new PodCount("checkout-7f-a", "n1", Side.CANARY, 1, 3));
    }

    @Test
    void aContainerThatRestartedIsInItsNextLife() {
        canary.answers(200, hits(10, 1))
                .answers(200, hits(12, 1))
                .answers(200, hits(2, 1))
                .answers(200, hits(5, 1));
        primary.answers(200, hits(1000, 10));
        var session = session(SUCCESS);

        counted(session);
        assertThat(counted(session).pods()).containsExactly(new PodCount("checkout-7f-a", "n1", Side.CANARY, 0, 2));
        assertThat(counted(session).pods())
                .containsExactly(new PodCount("checkout-7f-a", "n1", Side.CANARY, 1, 3, Optional.of(1)));
        assertThat(counted(session).pods())
                .containsExactly(new PodCount("checkout-7f-a", "n1", Side.CANARY, 0, 3, Optional.of(1)));
    }

    @Test
    void aPodThatIsNotListedForAWhileIsNotCountedTwice() {
        canaryStarted = NOON.plusSeconds(1);
        canary.answers(200, hits(2, 1));
        primary.answers(200, hits(1000, 10));
        var session = session(SUCCESS);
        counted(session);
        isListed = false;
        now = now.plusSeconds(3);
        session.look();
        isListed = true;
        now = now.plusSeconds(3);

        assertThat(counted(session).pods()).isEmpty();
    }

    @Test
    void requestsAboveABoundBetweenTwoEdgesAreThoseAboveTheNext() {
        var p99 = query(
                "p99",
                "1000 * histogram_quantile(0.99, sum by (le) (rate(took_seconds_bucket{pod=~\"checkout-.*\"}[1m])))",
                new Bounds(Optional.empty(), Optional.of(400.0)));
        canary.answers(200, took(3, 5, 6)).answers(200, took(4, 7, 10));
        primary.answers(200, took(0, 0, 0));
        var session = session(p99);

        counted(session);
        var second = later(session);

        assertThat(second.pods()).containsExactly(new PodCount("checkout-7f-a", "n1", Side.CANARY, 2, 4));
        assertThat(second.what()).isEqualTo("took longer than 500 ms");
        assertThat(second.note()).hasValueSatisfying(note -> assertThat(note).contains("400 ms", "next one"));
    }

    @Test
    void aPodThatIsNotReadIsNoTrafficOfItsOwn() {
        canary.answers(200, hits(10, 0)).answers(503, "").answers(200, hits(20, 0));
        primary.answers(200, hits(1000, 10));
        var session = session(SUCCESS);
        counted(session);

        assertThat(session.look().get("success"))
                .isEqualTo(
                        new Count.Unread("no pod of the canary could be read; checkout-7f-a: its metrics answer 503"));
        assertThat(counted(session).pods()).containsExactly(new PodCount("checkout-7f-a", "n1", Side.CANARY, 0, 10));
    }

    @Test
    void withoutTheApiServerNothingIsCounted() {
        apiIsAway = true;

        assertThat(session(SUCCESS).look().get("success")).isEqualTo(new Count.Unread("away"));
    }

    @Test
    void aQueryOfSomebodyElsesPodsOrLabelsIsCheckedByItsValueAlone() {
        canary.answers(200, hits(10, 1));
        primary.answers(200, hits(10, 1));
        var other = query(
                "other",
                "sum(rate(a_total{pod=~\"cart-.*\",ok=\"1\"}[1m])) / sum(rate(a_total{pod=~\"cart-.*\"}[1m]))",
                least(0.9));
        var job = query(
                "job", "sum(rate(a_total{job=\"x\",ok=\"1\"}[1m])) / sum(rate(a_total{job=\"x\"}[1m]))", least(0.9));
        var pods = query("pods", "sum(rate(a_total{pod=\"p\"}[1m])) / sum(rate(a_total[1m]))", least(0.9));

        var counts = session(SUCCESS, other, job, pods).look();

        assertThat(counts.get("other"))
                .isEqualTo(new Count.ThresholdOnly("its query doesn't ask for the canary's pods"));
        assertThat(counts.get("job"))
                .isEqualTo(new Count.ThresholdOnly("its label 'job' is Prometheus' own and can't be found at a pod"));
        assertThat(counts.get("pods"))
                .isEqualTo(new Count.ThresholdOnly("its two sums differ in labels that only Prometheus adds"));
        assertThat(counts.get("success")).isInstanceOf(Counted.class);
    }

    @Test
    void whatThePodsDoNotTellApartIsCheckedByItsValueAlone() {
        canary.answers(200, hits(10, 1) + took(1, 1, 1));
        primary.answers(200, hits(10, 1));
        var route = query(
                "route",
                "sum(rate(hits_total{route=\"/\",status=\"200\"}[1m])) / sum(rate(hits_total{route=\"/\"}[1m]))",
                least(0.9));
        var slow = query(
                "slow",
                "histogram_quantile(0.99, sum by (le) (rate(took_seconds_bucket[1m])))",
                new Bounds(Optional.empty(), Optional.of(2.0)));

        var counts = session(SUCCESS, route, slow).look();

        assertThat(counts.get("route"))
                .isEqualTo(new Count.ThresholdOnly(
                        "its query asks for the label 'route', which hits_total doesn't have at the pods"));
        assertThat(counts.get("slow"))
                .isEqualTo(new Count.ThresholdOnly("its histogram ends at 500 ms, below the bound of 2000 ms"));
        assertThat(counts.get("success")).isInstanceOf(Counted.class);
    }

    @Test
    void onePodIsReadOncePerLookHoweverManyMetricsAsk() {
        canary.answers(200, hits(10, 1));
        primary.answers(200, hits(10, 1));
        var again = new MetricSpec("again", SUCCESS.source(), "1m", SUCCESS.bounds());

        session(SUCCESS, again).look();

        assertThat(canary.asked()).hasSize(1);
        assertThat(primary.asked()).hasSize(1);
    }

    @Test
    void aRequestThatHasNotEndedCountsOnceItIsLateAndNotAgainWhenItEnds() {
        canary.answers(200, flow(0, 0, 0)).answers(200, flow(0, 0, 4)).answers(200, flow(1, 1, 4));
        canary.answers(200, flow(1, 5, 0));
        primary.answers(200, flow(900, 900, 0));
        var session = session(P99);
        assertThat(counted(session).source()).isEqualTo(Source.PODS_IN_FLIGHT);
        assertThat(session.pace(Duration.ofSeconds(1))).isEqualTo(Duration.ofMillis(500));
        assertThat(later(session).pods()).isEmpty();

        assertThat(later(session).pods()).containsExactly(new PodCount("checkout-7f-a", "n1", Side.CANARY, 3, 4));
        assertThat(later(session).pods()).containsExactly(new PodCount("checkout-7f-a", "n1", Side.CANARY, 1, 1));
    }

    @Test
    void aGaugeThatCountsTheScrapeItselfMakesNothingLate() {
        canary.answers(200, flow(0, 0, 1));
        primary.answers(200, flow(0, 0, 1));
        var session = session(P99);

        for (int look = 0; look < 5; look++) {
            assertThat(later(session).pods()).isEmpty();
        }
    }

    @Test
    void aGaugeByWhichThePrimaryHangsTooIsNotUsed() {
        canary.answers(200, flow(0, 0, 0)).answers(200, flow(0, 0, 4));
        primary.answers(200, flow(900, 900, 0)).answers(200, flow(900, 900, 9));
        var session = session(P99);
        counted(session);
        later(session);

        var third = later(session);

        assertThat(third.pods()).noneMatch(pod -> pod.side() == Side.CANARY);
        assertThat(third.source()).isEqualTo(Source.PODS);
        assertThat(third.note()).hasValue("requests in flight are not counted: by them the primary hangs too");
        assertThat(session.pace(Duration.ofSeconds(1))).isEqualTo(Duration.ofSeconds(1));
    }

    @Test
    void aGaugeOfRequestsThatTheHistogramNeverCountsIsNotUsed() {
        canary.answers(200, flow(0, 0, 0)).answers(200, flow(0, 0, 9)).answers(200, flow(1, 1, 0));
        primary.answers(200, flow(900, 900, 0));
        var session = session(P99);
        counted(session);
        later(session);
        later(session);

        var fourth = later(session);

        assertThat(fourth.source()).isEqualTo(Source.PODS);
        assertThat(fourth.note()).hasValueSatisfying(note -> assertThat(note).contains("more than those that ended"));
    }

    @Test
    void aGaugeWithoutTheQuerysLabelsIsNotUsed() {
        canary.answers(200, ofPage(flow(0, 0, 0))).answers(200, ofPage(flow(0, 0, 4)));
        primary.answers(200, ofPage(flow(900, 900, 0)));
        var page = query(
                "p99",
                "histogram_quantile(0.99, sum by (le) (rate(took_seconds_bucket{page=\"sms\"}[1m])))",
                new Bounds(Optional.empty(), Optional.of(0.5)));
        var session = session(page);
        counted(session);
        later(session);

        assertThat(later(session).source()).isEqualTo(Source.PODS);
        assertThat(session.look().toString()).contains("no pod shows 'pending' with the query's labels");
    }

    /// The canary's labelled histogram appears with its first answer, and its next edge is 1 s, not 0.5 s.
    @Test
    void aRequestIsLateByItsOwnPodsHistogram() {
        var coarse = "took_seconds_bucket{le=\"1\"} %d\ntook_seconds_bucket{le=\"+Inf\"} %d\npending %d\n";
        canary.answers(200, coarse.formatted(0, 0, 0)).answers(200, coarse.formatted(0, 0, 9));
        primary.answers(200, flow(900, 900, 0));
        var session = session(P99);
        counted(session);
        later(session);
        assertThat(later(session).pods()).as("after 0.5 s").isEmpty();

        assertThat(later(session).pods())
                .as("after 1 s")
                .containsExactly(new PodCount("checkout-7f-a", "n1", Side.CANARY, 9, 9));
    }

    @Test
    void podsWithOtherEdgesThanWereReckonedWithDropTheGauge() {
        canary.answers(200, "pending 0\n").answers(200, "pending 4\n");
        canary.answers(200, "took_seconds_bucket{le=\"1\"} 1\ntook_seconds_bucket{le=\"+Inf\"} 1\npending 3\n");
        primary.answers(200, flow(900, 900, 0));
        var session = session(P99);
        counted(session);
        later(session);

        assertThat(later(session).note())
                .hasValueSatisfying(note -> assertThat(note).contains("other edges"));
    }

    @Test
    void thatRequestsHangIsForgottenWithThePodsProcess() {
        canary.answers(200, flow(0, 0, 0)).answers(200, flow(3, 3, 4)).answers(200, flow(0, 0, 0));
        primary.answers(200, flow(900, 900, 0));
        var session = session(P99);
        counted(session);
        assertThat(later(session).pods()).containsExactly(new PodCount("checkout-7f-a", "n1", Side.CANARY, 0, 3));

        assertThat(later(session).pods()).isEmpty();
        assertThat(later(session).source()).isEqualTo(Source.PODS_IN_FLIGHT);
    }

    private Counted later(Counting.Session session) {
        now = now.plusMillis(501);
        return counted(session);
    }

    private static String ofPage(String metrics) {
        return metrics.replace("{le", "{page=\"sms\",le");
    }

    /// @param inFlight by the gauge
    private static String flow(int half, int all, int inFlight) {
        return took(half, half, all) + "pending %d\n".formatted(inFlight);
    }

    private Counting.Session session(MetricSpec... metrics) {
        return counting()
                .begin(
                        Samples.CHECKOUT,
                        Samples.spec(Duration.ofSeconds(60), List.of(metrics), Optional.of(GAUGE)),
                        NOON);
    }

    private PodCounting counting() {
        return new PodCounting(
                (_, workload) -> {
                    if (apiIsAway) {
                        throw new LiveObjects.UnavailableException("away", new IllegalStateException());
                    }
                    if (!isListed) {
                        return List.of();
                    }
                    return workload.name().equals("checkout")
                            ? List.of(new LivePod("checkout-7f-a", "n1", canary.url() + "/metrics", canaryStarted))
                            : List.of(new LivePod(
                                    "checkout-primary-9c-b",
                                    "n2",
                                    primary.url() + "/metrics",
                                    NOON.minusSeconds(3600)));
                },
                scraper,
                (_, _, metric) -> metric.source() instanceof MetricSpec.Query(var promql)
                        ? Optional.of(promql)
                        : Optional.empty(),
                () -> now,
                threads);
    }

    private static Counted counted(Counting.Session session) {
        return (Counted) session.look().values().iterator().next();
    }

    private static Bounds least(double share) {
        return new Bounds(Optional.of(share), Optional.empty());
    }

    private static MetricSpec query(String name, String promql, Bounds bounds) {
        return new MetricSpec(name, new MetricSpec.Query(promql), "1m", bounds);
    }

    private static String hits(int good, int bad) {
        return """
                # TYPE hits_total counter
                hits_total{status="200"} %d
                hits_total{status="500"} %d
                """.formatted(good, bad);
    }

    private static String took(int quick, int half, int all) {
        return """
                took_seconds_bucket{le="0.1"} %d
                took_seconds_bucket{le="0.5"} %d
                took_seconds_bucket{le="+Inf"} %d
                took_seconds_count %d
                """.formatted(quick, half, all, all);
    }
}
