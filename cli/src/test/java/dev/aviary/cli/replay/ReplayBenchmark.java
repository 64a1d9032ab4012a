package dev.aviary.cli.replay;

import dev.aviary.eventlog.topics.LogConnection;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/// How many records a second a replay takes, the whole process. `write DIR RECORDS LOOKS` starts a broker, fills a log
/// with rollouts that the guard takes back after so many looks, prints what to tell `aviary replay` and waits; `read
/// HOST:PORT`
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
        try (var log = PracticeLog.write(folder, records, looks)) {
            System.out.println(String.join(" ", log.arguments()));
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
