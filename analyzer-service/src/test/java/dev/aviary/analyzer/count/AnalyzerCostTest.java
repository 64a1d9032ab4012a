package dev.aviary.analyzer.count;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.sun.management.OperatingSystemMXBean;
import dev.aviary.analyzer.Samples;
import dev.aviary.analyzer.collect.Collector;
import dev.aviary.analyzer.collect.KafkaVoice;
import dev.aviary.analyzer.collect.Voice;
import dev.aviary.analyzer.collect.World;
import dev.aviary.analyzer.judge.Collecting;
import dev.aviary.analyzer.judge.JudgeTopology;
import dev.aviary.decisions.analysis.Wanted;
import dev.aviary.eventlog.LoggedEvent;
import dev.aviary.eventlog.codec.CanaryKeySerde;
import dev.aviary.eventlog.codec.EventSerde;
import dev.aviary.eventlog.streams.StreamsApp;
import dev.aviary.eventlog.streams.StreamsSettings;
import dev.aviary.eventlog.topics.LogConnection;
import dev.aviary.eventlog.topics.Topics;
import dev.aviary.events.CanaryKey;
import dev.aviary.events.CanarySpec;
import dev.aviary.events.GateDecided;
import dev.aviary.events.Measurement;
import dev.aviary.events.MetricsMeasured;
import dev.aviary.events.RequestsCounted;
import dev.aviary.events.RolloutEvent;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.IntFunction;
import java.util.stream.Stream;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/// What rollouts under way cost the whole analyzer: pods asked, counts written to the log, read back, judged, their
/// state kept. A benchmark, not a test. `-Dcost.analyzer=1,100,1000 -Dcost.seconds=30 -Dcost.pods=gzip,plain`.
///
/// The broker and the pods are processes of their own. Not in it: Quarkus, the API server, Prometheus.
@EnabledIfSystemProperty(named = "cost.analyzer", matches = ".+", disabledReason = "a benchmark")
class AnalyzerCostTest {
    private static final long SECONDS = Long.getLong("cost.seconds", 30);
    private static final Topics TOPICS = Topics.DEFAULT;

    @Test
    void aLookPerSecondAtFourPodsPerRollout() throws Exception {
        for (var pods : System.getProperty("cost.pods", "gzip").split(",", -1)) {
            for (var rollouts : System.getProperty("cost.analyzer").split(",", -1)) {
                at(Integer.parseInt(rollouts.strip()), pods.strip());
            }
        }
    }

    private static void at(int rollouts, String pods) throws Exception {
        var folder = Files.createTempDirectory("analyzer-cost");
        var server = process(PodServer.class, String.valueOf(4 * rollouts), pods);
        var broker = process(BrokerProcess.class, folder.resolve("broker").toString());
        try {
            int port = Integer.parseInt(line(server, ""));
            measure(rollouts, pods, port, LogConnection.to(line(broker, "broker ")), folder.resolve("state"));
        } finally {
            for (var one : List.of(server, broker)) {
                one.destroy();
                one.waitFor();
            }
        }
    }

    private static void measure(int rollouts, String pods, int port, LogConnection log, Path state) throws Exception {
        var spec = Samples.spec(Duration.ofSeconds(60), List.of(SimulatedRollout.SUCCESS, SimulatedRollout.P99));
        var canaries = new ArrayList<CanaryKey>();
        for (int rollout = 0; rollout < rollouts; rollout++) {
            canaries.add(new CanaryKey("eu", "shop", "checkout-" + rollout));
        }
        try (var threads = Executors.newVirtualThreadPerTaskExecutor();
                var scraper = new Scraper();
                var alarm = Executors.newSingleThreadScheduledExecutor();
                var voice = KafkaVoice.to(log, TOPICS)) {
            var said = new AtomicLong();
            Voice heard = (canary, event) -> {
                boolean done = voice.say(canary, event);
                if (done && event instanceof RequestsCounted) {
                    said.incrementAndGet();
                }
                return done;
            };
            var counting = new ForCanaries(number -> GuardCostTest.counting(scraper, threads, 4 * number, port));
            var collector = new Collector(
                    threads,
                    (pause, task) -> {
                        var _ = alarm.schedule(() -> threads.execute(task), pause.toMillis(), TimeUnit.MILLISECONDS);
                    },
                    InstantSource.system(),
                    new Healthy(),
                    counting,
                    heard);
            var judged = new Judged(collector);
            try (var app = StreamsApp.start(
                    JudgeTopology.of(TOPICS, judged, InstantSource.system(), _ -> true),
                    new StreamsSettings(
                            "cost",
                            Optional.of("cost"),
                            log,
                            TOPICS,
                            state,
                            1,
                            0,
                            Topics.BROKERS_DEFAULT,
                            StreamsSettings.ON_REQUEST),
                    InstantSource.system())) {
                await().atMost(Duration.ofMinutes(1)).until(app::isReady);
                begin(log, canaries, Samples.started(spec), Samples.step(0), Samples.shifted(3, 0));
                pause(Duration.ofSeconds(SECONDS / 2));
                long cpu = cpu();
                long before = said.get();
                long judgedBefore = judged.looks.get();
                long began = System.nanoTime();
                pause(Duration.ofSeconds(SECONDS));
                double seconds = (System.nanoTime() - began) / 1e9;
                double cores = (cpu() - cpu) / 1e9 / seconds;
                double perSecond = (said.get() - before) / seconds;
                double judgedPerSecond = (judged.looks.get() - judgedBefore) / seconds;
                System.gc();
                long heap =
                        ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed() >> 20;
                System.out.printf(
                        "%d rollouts x 4 pods (%s), whole analyzer: %.1f looks/s of %d wanted, %.1f judged/s, %.2f cores, %d MB live heap of %d MB, %.2f ms CPU per look%n",
                        rollouts,
                        pods,
                        perSecond,
                        rollouts,
                        judgedPerSecond,
                        cores,
                        heap,
                        Runtime.getRuntime().maxMemory() >> 20,
                        cores / perSecond * 1000);
                assertThat(judgedPerSecond).isPositive();
            } finally {
                alarm.shutdownNow();
                threads.shutdownNow();
            }
        }
    }

    /// What the router says when a step begins.
    private static void begin(LogConnection log, List<CanaryKey> canaries, RolloutEvent... events) throws Exception {
        try (var router = log.producer(new CanaryKeySerde().serializer(), new EventSerde().serializer())) {
            for (int at = 0; at < canaries.size(); at++) {
                for (var event : events) {
                    var _ = router.send(new ProducerRecord<>(
                            TOPICS.rolloutEvents(),
                            canaries.get(at),
                            LoggedEvent.fact(event.getClass().getName() + at, event)));
                }
                if (at % 50 == 49) {
                    router.flush();
                    pause(Duration.ofMillis(40)); // they don't begin in the same instant
                }
            }
        }
    }

    /// Of each canary its own pods.
    private static final class ForCanaries implements Counting {
        private final IntFunction<Counting> pods;

        ForCanaries(IntFunction<Counting> pods) {
            this.pods = pods;
        }

        private Counting of(CanaryKey canary) {
            return pods.apply(Integer.parseInt(canary.name().substring("checkout-".length())));
        }

        @Override
        public Session begin(CanaryKey canary, CanarySpec spec, Instant now) {
            return of(canary).begin(canary, spec, now);
        }

        @Override
        public Session ahead(CanaryKey canary, CanarySpec spec, Instant now) {
            return of(canary).ahead(canary, spec, now);
        }
    }

    /// Passes on, and counts the looks that were judged.
    private static final class Judged implements Collecting {
        private final Collecting next;
        private final Map<CanaryKey, Integer> at = new ConcurrentHashMap<>();
        private final AtomicLong looks = new AtomicLong();

        Judged(Collecting next) {
            this.next = next;
        }

        @Override
        public void want(CanaryKey canary, Wanted wanted) {
            wanted.guard().ifPresent(guard -> {
                var before = at.put(canary, guard.look());
                looks.addAndGet(before == null ? 0 : guard.look() - before);
            });
            next.want(canary, wanted);
        }

        @Override
        public void forget(CanaryKey canary) {
            next.forget(canary);
        }
    }

    /// Every value is well.
    private static final class Healthy implements World {
        @Override
        public MetricsMeasured look(CanaryKey canary, Wanted.Look look) {
            return new MetricsMeasured(
                    look.rollout(),
                    look.step(),
                    look.look(),
                    look.question(),
                    new TreeMap<>(Map.of(
                            SimulatedRollout.SUCCESS.name(),
                            new Measurement.Value(100),
                            SimulatedRollout.P99.name(),
                            new Measurement.Value(0.1))),
                    List.of());
        }

        @Override
        public GateDecided ask(CanaryKey canary, Wanted.Gate gate, int attempt) {
            throw new IllegalStateException("no gate is wanted: " + gate);
        }
    }

    private static Process process(Class<?> program, String... arguments) throws IOException {
        var java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        var command = Stream.concat(
                        Stream.of(
                                java,
                                "-Xmx512m",
                                "-XX:+UseSerialGC",
                                "-cp",
                                System.getProperty("java.class.path"),
                                program.getName()),
                        Stream.of(arguments))
                .toList();
        return new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
    }

    private static String line(Process process, String prefix) throws IOException {
        var output = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        for (var line = output.readLine(); line != null; line = output.readLine()) {
            if (line.startsWith(prefix)) {
                return line.substring(prefix.length());
            }
        }
        throw new IOException("ended: " + process);
    }

    private static long cpu() {
        return ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getProcessCpuTime();
    }

    private static void pause(Duration time) throws InterruptedException {
        assertThat(new CountDownLatch(1).await(time.toMillis(), TimeUnit.MILLISECONDS))
                .isFalse();
    }
}
