package dev.aviary.cli.replay;

import dev.aviary.eventlog.streams.EmbeddedBroker;
import dev.aviary.eventlog.topics.LogConnection;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/// How many records a second a replay takes, the whole process. `write DIR RECORDS LOOKS` starts a broker, fills a log
/// with rollouts that the guard takes back after so many looks, prints the broker's address and waits; `read HOST:PORT`
/// replays it, in a process of its own.
/// See docs/benchmarks.
final class ReplayBenchmark {
    private ReplayBenchmark() {}

    public static void main(String[] arguments) throws Exception {
        switch (arguments[0]) {
            case "write" -> write(Path.of(arguments[1]), Long.parseLong(arguments[2]), Integer.parseInt(arguments[3]));
            case "read" -> read(LogConnection.to(arguments[1]));
            default -> throw new IllegalArgumentException("write DIR RECORDS LOOKS, or read HOST:PORT");
        }
    }

    private static void write(Path folder, long records, int looks) throws Exception {
        try (var broker = EmbeddedBroker.start(folder, 0)) {
            var log = LogConnection.to(broker.bootstrapServers());
            var keepsAll = Map.of("retention.ms", "-1"); // its times are long ago
            try (var admin = log.admin()) {
                admin.createTopics(List.of(
                                new NewTopic(WrittenLog.TOPICS.rolloutEvents(), 1, (short) 1).configs(keepsAll),
                                new NewTopic(WrittenLog.TOPICS.measurements(), 1, (short) 1).configs(keepsAll)))
                        .all()
                        .get();
            }
            var settings = new HashMap<>(log.properties());
            settings.put(ProducerConfig.LINGER_MS_CONFIG, 20);
            settings.put(ProducerConfig.BATCH_SIZE_CONFIG, 1_000_000);
            try (var kafka = new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer())) {
                new WrittenLog(looks, kafka::send).fill(records);
            }
            System.out.println(broker.bootstrapServers());
            while (System.in.read() >= 0) {} // until it is closed
        }
    }

    private static void read(LogConnection log) {
        for (int pass = 0; pass < 2; pass++) {
            var cpu = ManagementFactory.getThreadMXBean();
            long wall = System.nanoTime();
            long busy = cpu.getCurrentThreadCpuTime();
            var all = processCpu();
            var results = Replays.of(log, WrittenLog.TOPICS, WrittenLog.CHECKOUT, _ -> true, Instant.now(), _ -> {});
            double seconds = (System.nanoTime() - wall) / 1e9;
            long records = records(results);
            System.out.printf(
                    "%d records in %.2f s, %.0f a second; CPU: %.2f s of the thread, %.2f s of the process; heap %d MB%n",
                    records,
                    seconds,
                    records / seconds,
                    (cpu.getCurrentThreadCpuTime() - busy) / 1e9,
                    processCpu().minus(all).toMillis() / 1e3,
                    (Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory()) >> 20);
            results.forEach(System.out::println);
        }
    }

    /// The analysis hears everything but what it said itself.
    static long records(List<Replay.Result> results) {
        var analysis = results.getLast();
        return analysis.inputs() + analysis.proven() + analysis.folded();
    }

    /// The compiler's and the collector's threads too: what one core would have to do.
    private static Duration processCpu() {
        return ProcessHandle.current().info().totalCpuDuration().orElse(Duration.ZERO);
    }
}
