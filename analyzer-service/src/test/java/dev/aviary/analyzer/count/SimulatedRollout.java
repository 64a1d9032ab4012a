package dev.aviary.analyzer.count;

import dev.aviary.analyzer.Samples;
import dev.aviary.analyzer.live.LivePods.LivePod;
import dev.aviary.decisions.analysis.AnalysisDecider;
import dev.aviary.decisions.analysis.AnalysisInput.Heard;
import dev.aviary.decisions.analysis.AnalysisState;
import dev.aviary.events.Bounds;
import dev.aviary.events.Count.Side;
import dev.aviary.events.GuardSpec;
import dev.aviary.events.GuardTripped;
import dev.aviary.events.MetricSpec;
import dev.aviary.events.RequestsCounted;
import dev.aviary.events.RolloutEvent;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SplittableRandom;
import java.util.concurrent.AbstractExecutorService;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.TimeUnit;

/// A rollout whose pods and clock are simulated, and whose counting and judging are the real ones: the pods' text goes
/// through
/// [PodCounting], its counts through [AnalysisDecider].
final class SimulatedRollout {
    private static final Instant NOON = Instant.parse("2026-01-01T12:00:00Z");
    private static final String PODS = "{pod=~\"checkout-[0-9a-z]+(-[0-9a-z]+)\"";
    static final MetricSpec SUCCESS = new MetricSpec(
            "success",
            new MetricSpec.Query("100 * sum(rate(hits_total" + PODS + ",status!~\"5..\"}[1m])) / sum(rate(hits_total"
                    + PODS + "}[1m]))"),
            "1m",
            new Bounds(Optional.of(99.0), Optional.empty()));
    static final MetricSpec P99 = new MetricSpec(
            "p99",
            new MetricSpec.Query("histogram_quantile(0.99, sum by (le) (rate(took_seconds_bucket" + PODS + "}[1m])))"),
            "1m",
            new Bounds(Optional.empty(), Optional.of(0.5)));

    /// What happens to it.
    ///
    /// @param guard     the mode
    /// @param perSecond requests, both sides
    /// @param weight    of the canary at a second, in percent
    /// @param canary    share of its requests that fail, at a second; the same share is slow if metrics has both
    /// @param primary   likewise
    /// @param rough     restarts, new pods, cold starts, bursts, missing scrapes
    record Script(
            GuardSpec.Mode guard,
            double alpha,
            double perSecond,
            Course weight,
            Course canary,
            Course primary,
            boolean rough) {}

    /// A number over time.
    @FunctionalInterface
    interface Course {
        double at(int second);
    }

    /// One process' counters.
    private static final class Pod {
        private String name;
        private long born;
        private final Side side;
        private long good;
        private long bad;
        private long quick;
        private long slow;
        private int served;

        Pod(String name, Side side, long born) {
            this.name = name;
            this.side = side;
            this.born = born;
        }

        void restart(long second) {
            good = 0;
            bad = 0;
            quick = 0;
            slow = 0;
            born = second;
        }

        byte[] metrics() {
            return """
                    process_start_time_seconds %d
                    hits_total{status="200"} %d
                    hits_total{status="500"} %d
                    took_seconds_bucket{le="0.5"} %d
                    took_seconds_bucket{le="+Inf"} %d
                    """.formatted(1_700_000_000 + born, good, bad, quick, quick + slow)
                    .getBytes(StandardCharsets.UTF_8);
        }
    }

    private final Script script;
    private final SplittableRandom random;
    private final List<Pod> pods = new ArrayList<>();
    private final CanaryAnalysis analysis;
    private Instant now = NOON;
    private int made;
    private double burst = 1;

    SimulatedRollout(Script script, long seed) {
        this.script = script;
        this.random = new SplittableRandom(seed);
        for (int pod = 0; pod < 2; pod++) {
            pods.add(new Pod(nextName(Side.CANARY), Side.CANARY, 0));
            pods.add(new Pod(nextName(Side.PRIMARY), Side.PRIMARY, -3600));
            pods.add(new Pod(nextName(Side.PRIMARY), Side.PRIMARY, -3600));
        }
        this.analysis = new CanaryAnalysis();
    }

    private String nextName(Side side) {
        return (side == Side.CANARY ? "checkout-7f-" : "checkout-primary-9c-") + Integer.toString(made++, 36);
    }

    /// @return the second at which the guard took it back; empty: never
    OptionalInt run(int seconds, ExecutorService threads) {
        var counting = new PodCounting(
                (_, workload) -> pods.stream()
                        .filter(pod ->
                                (pod.side == Side.PRIMARY) == workload.name().endsWith("-primary"))
                        .map(pod -> new LivePod(pod.name, "n", pod.name, NOON.plusSeconds(pod.born)))
                        .toList(),
                this::scrape,
                (_, _, metric) -> metric.source() instanceof MetricSpec.Query(var promql)
                        ? Optional.of(promql)
                        : Optional.empty(),
                () -> now,
                threads);
        var spec = Samples.spec(
                Duration.ofSeconds(60),
                script.rough() ? List.of(SUCCESS, P99) : List.of(SUCCESS),
                Optional.of(new GuardSpec(
                        script.guard(),
                        script.alpha(),
                        5,
                        Duration.ofSeconds(1),
                        GuardSpec.Suspect.HOLD,
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty())));
        analysis.hear(Samples.started(spec));
        analysis.hear(Samples.step(0));
        analysis.hear(Samples.shifted(3, 0));
        var session = counting.begin(Samples.CHECKOUT, spec, NOON);
        var question = AnalysisDecider.wanted(analysis.state).guard().orElseThrow();
        for (int second = 0; second < seconds; second++) {
            serve(second);
            now = NOON.plusSeconds(second + 1);
            var counts = session.look();
            if (analysis.hear(new RequestsCounted(question.rollout(), 0, second, question.question(), counts))) {
                return OptionalInt.of(second + 1);
            }
        }
        return OptionalInt.empty();
    }

    private byte[] scrape(String pod) throws Scraping.NoAnswer {
        if (script.rough() && random.nextInt(50) == 0) {
            throw new Scraping.NoAnswer("missed");
        }
        return pods.stream()
                .filter(one -> one.name.equals(pod))
                .findFirst()
                .orElseThrow(() -> new Scraping.NoAnswer("gone"))
                .metrics();
    }

    private void serve(int second) {
        if (script.rough()) {
            trouble(second);
        }
        double weight = script.weight().at(second) / 100;
        serve(
                Side.CANARY,
                poisson(script.perSecond() * burst * weight),
                script.canary().at(second));
        serve(
                Side.PRIMARY,
                poisson(script.perSecond() * burst * (1 - weight)),
                script.primary().at(second));
    }

    private void trouble(int second) {
        if (burst > 1 ? random.nextInt(10) == 0 : random.nextInt(200) == 0) {
            burst = burst > 1 ? 1 : 5;
        }
        for (var pod : pods) {
            switch (random.nextInt(2000)) {
                case 0 -> pod.restart(second);
                case 1 -> {
                    pod.restart(second);
                    pod.name = nextName(pod.side);
                    pod.served = 0;
                }
                default -> {}
            }
        }
    }

    private void serve(Side side, int requests, double failing) {
        var mine = pods.stream().filter(pod -> pod.side == side).toList();
        for (int request = 0; request < requests; request++) {
            var pod = mine.get(random.nextInt(mine.size()));
            double cold = script.rough() && pod.born > -3600 && pod.served++ < 3 ? 0.5 : failing;
            if (random.nextDouble() < cold) {
                pod.bad++;
            } else {
                pod.good++;
            }
            if (random.nextDouble() < cold) {
                pod.slow++;
            } else {
                pod.quick++;
            }
        }
    }

    private int poisson(double mean) {
        int events = 0;
        for (double passed = -Math.log1p(-random.nextDouble()); passed < mean; events++) {
            passed -= Math.log1p(-random.nextDouble());
        }
        return events;
    }

    /// The decider as the stream runs it.
    private final class CanaryAnalysis {
        private AnalysisState state = AnalysisState.NEW;

        /// @return the guard tripped
        boolean hear(RolloutEvent event) {
            var said = AnalysisDecider.decide(state, new Heard(event), now);
            state = AnalysisDecider.evolve(state, event, now);
            for (var decision : said) {
                state = AnalysisDecider.evolve(state, decision, now);
            }
            return said.stream().anyMatch(GuardTripped.class::isInstance);
        }
    }

    /// Runs what it is given at once, in the caller's thread.
    static ExecutorService atOnce() {
        return new AbstractExecutorService() {
            private boolean over;

            @Override
            public void execute(Runnable task) {
                task.run();
            }

            @Override
            public void shutdown() {
                over = true;
            }

            @Override
            public List<Runnable> shutdownNow() {
                over = true;
                return List.of();
            }

            @Override
            public boolean isShutdown() {
                return over;
            }

            @Override
            public boolean isTerminated() {
                return over;
            }

            @Override
            public boolean awaitTermination(long timeout, TimeUnit unit) {
                return over;
            }
        };
    }
}
