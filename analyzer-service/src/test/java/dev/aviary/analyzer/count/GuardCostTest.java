package dev.aviary.analyzer.count;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.OperatingSystemMXBean;
import dev.aviary.analyzer.Samples;
import dev.aviary.analyzer.live.LivePods.LivePod;
import dev.aviary.decisions.analysis.AnalysisDecider;
import dev.aviary.decisions.analysis.AnalysisInput.Heard;
import dev.aviary.decisions.analysis.AnalysisState;
import dev.aviary.events.CanaryKey;
import dev.aviary.events.CanarySpec;
import dev.aviary.events.MetricSpec;
import dev.aviary.events.RequestsCounted;
import dev.aviary.events.RolloutEvent;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.lang.ref.Reference;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/// What the guard's looks cost the analyzer: a benchmark, not a test. `-Dcost.rollouts=1,100,1000 -Dcost.seconds=30
/// -Dcost.pods=gzip,plain`.
@EnabledIfSystemProperty(named = "cost.rollouts", matches = ".+", disabledReason = "a benchmark")
class GuardCostTest {
    private static final long SECONDS = Long.getLong("cost.seconds", 30);

    @Test
    void looksOncePerSecondAtFourPodsPerRollout() throws Exception {
        for (var pods : System.getProperty("cost.pods", "gzip").split(",", -1)) {
            for (var rollouts : System.getProperty("cost.rollouts").split(",", -1)) {
                at(Integer.parseInt(rollouts.strip()), pods.strip());
            }
        }
    }

    /// @param pods `gzip` or `plain`, as they answer
    private static void at(int rollouts, String pods) throws Exception {
        var server = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx256m",
                        "-cp",
                        System.getProperty("java.class.path"),
                        PodServer.class.getName(),
                        String.valueOf(4 * rollouts),
                        pods)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        try (var output = new BufferedReader(new InputStreamReader(server.getInputStream(), StandardCharsets.UTF_8))) {
            int port = Integer.parseInt(output.readLine());
            measure(rollouts, port, pods);
        } finally {
            server.destroy();
            server.waitFor();
        }
    }

    private static void measure(int rollouts, int port, String pods) throws InterruptedException {
        var looks = new AtomicLong();
        try (var threads = Executors.newVirtualThreadPerTaskExecutor();
                var scraper = new Scraper();
                var clock = Executors.newSingleThreadScheduledExecutor()) {
            var spec = Samples.spec(Duration.ofSeconds(60), List.of(SimulatedRollout.SUCCESS, SimulatedRollout.P99));
            var all = new ArrayList<Watched>();
            for (int rollout = 0; rollout < rollouts; rollout++) {
                var one = new Watched(counting(scraper, threads, 4 * rollout, port), spec, looks);
                all.add(one);
                clock.scheduleAtFixedRate(
                        () -> threads.execute(one), rollout * 1000L / rollouts, 1000, TimeUnit.MILLISECONDS);
            }
            pause(SECONDS / 2);
            long cpu = cpu();
            long before = looks.get();
            long began = System.nanoTime();
            pause(SECONDS);
            double seconds = (System.nanoTime() - began) / 1e9;
            double cores = (cpu() - cpu) / 1e9 / seconds;
            double perSecond = (looks.get() - before) / seconds;
            clock.shutdownNow();
            pause(1); // what is kept between looks, with all connections open
            System.gc();
            long heap = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed() >> 20;
            System.out.printf(
                    "%d rollouts x 4 pods (%s): %.1f looks/s of %d wanted, %.2f cores, %d MB live heap of %d MB, %.2f ms CPU per look%n",
                    rollouts,
                    pods,
                    perSecond,
                    rollouts,
                    cores,
                    heap,
                    Runtime.getRuntime().maxMemory() >> 20,
                    cores / perSecond * 1000);
            assertThat(perSecond).isPositive();
            Reference.reachabilityFence(all);
        }
    }

    static Counting counting(Scraper scraper, ExecutorService threads, int firstPod, int port) {
        return new PodCounting(
                (_, workload) -> {
                    boolean ofPrimary = workload.name().endsWith("-primary");
                    var name = ofPrimary ? "checkout-primary-9c-" : "checkout-7f-";
                    return IntStream.range(0, 2)
                            .mapToObj(pod -> new LivePod(
                                    name + pod,
                                    "n",
                                    "http://%s:%d/metrics"
                                            .formatted(PodServer.host(firstPod + (ofPrimary ? 2 : 0) + pod), port),
                                    Instant.EPOCH))
                            .toList();
                },
                scraper,
                (_, _, metric) -> metric.source() instanceof MetricSpec.Query(var promql)
                        ? Optional.of(promql)
                        : Optional.empty(),
                InstantSource.system(),
                threads);
    }

    /// One rollout under way: a look, and what the decider makes of it.
    private static final class Watched implements Runnable {
        private static final CanaryKey KEY = Samples.CHECKOUT;
        private final Counting.Session session;
        private final AtomicLong looks;
        private final AtomicBoolean looking = new AtomicBoolean();
        private AnalysisState state = AnalysisState.NEW;
        private int look;

        Watched(Counting counting, CanarySpec spec, AtomicLong looks) {
            this.session = counting.begin(KEY, spec, Instant.now());
            this.looks = looks;
            hear(Samples.started(spec));
            hear(Samples.step(0));
            hear(Samples.shifted(3, 0));
        }

        /// As live, no look begins before the last one is over.
        @Override
        public void run() {
            if (looking.compareAndSet(false, true)) {
                look();
                looking.set(false);
            }
        }

        private void look() {
            var counts = session.look();
            AnalysisDecider.wanted(state)
                    .guard()
                    .ifPresent(
                            guard -> hear(new RequestsCounted(guard.rollout(), 0, look++, guard.question(), counts)));
            looks.incrementAndGet();
        }

        private void hear(RolloutEvent event) {
            var now = Instant.now();
            var said = AnalysisDecider.decide(state, new Heard(event), now);
            state = AnalysisDecider.evolve(state, event, now);
            for (var decision : said) {
                state = AnalysisDecider.evolve(state, decision, now);
            }
        }
    }

    private static long cpu() {
        return ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getProcessCpuTime();
    }

    private static void pause(long seconds) throws InterruptedException {
        assertThat(new CountDownLatch(1).await(seconds, TimeUnit.SECONDS)).isFalse();
    }
}
