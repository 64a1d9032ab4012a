package dev.aviary.cli.bench;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.aviary.cli.Problem;
import dev.aviary.cli.Version;
import dev.aviary.eventlog.codec.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

@Command(
        name = "bench",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description = "Measures on a playground of its own what docs/benchmarks says.")
public final class BenchCommand implements Runnable {
    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "Missing: rollback.");
    }

    @Command(
            name = "rollback",
            mixinStandardHelpOptions = true,
            versionProvider = Version.class,
            description = "How long it takes from the guard's word to the route, and where the time goes.")
    int rollback(
            @Option(names = "--runs", defaultValue = "200", description = "Rollbacks. Default: ${DEFAULT-VALUE}")
                    int runs,
            @Option(
                            names = "--canaries",
                            defaultValue = "2",
                            description = "Released at the same time. Default: ${DEFAULT-VALUE}")
                    int canaries,
            @Option(
                            names = "--warm-up",
                            defaultValue = "0",
                            description = "First ones that aren't counted. Default: ${DEFAULT-VALUE}")
                    int warmUp,
            @Option(names = "--json", paramLabel = "FILE", description = "Every single one, for machines.")
                    Optional<Path> file)
            throws IOException, InterruptedException {
        if (runs < 1 || canaries < 1 || warmUp < 0) {
            throw new Problem("--runs and --canaries must be at least 1, --warm-up at least 0.");
        }
        var folder = Files.createTempDirectory("aviary-bench");
        var bench = new RollbackBench(folder, System.err::println);
        var closer = new Thread(bench::close);
        Runtime.getRuntime().addShutdownHook(closer);
        try (bench) {
            var all = bench.run(runs + warmUp, canaries);
            var counted = all.subList(Math.min(warmUp, all.size()), all.size());
            System.out.print(table(counted));
            if (file.isPresent()) {
                Files.writeString(file.get(), json(runs, canaries, warmUp, counted));
            }
            return counted.size() >= runs ? 0 : missing(runs, counted.size());
        } finally {
            Runtime.getRuntime().removeShutdownHook(closer);
        }
    }

    private static int missing(int runs, int counted) {
        System.err.printf("only %d of %d rollbacks could be followed from end to end%n", counted, runs);
        return 1;
    }

    static String table(List<Rollback> counted) {
        var text = new StringBuilder(
                "%-40s %6s %6s %6s %6s  of %d%n".formatted("ms", "p50", "p90", "p99", "max", counted.size()));
        for (var part : Rollback.PARTS) {
            var found = Quantiles.of(counted, part.millis());
            text.append("%-40s %6d %6d %6d %6d%n"
                    .formatted(part.name(), found.p50(), found.p90(), found.p99(), found.max()));
        }
        return text.toString();
    }

    private static String json(int runs, int canaries, int warmUp, List<Rollback> counted)
            throws JsonProcessingException {
        var parts = new LinkedHashMap<String, Quantiles>();
        Rollback.PARTS.forEach(part -> parts.put(part.name(), Quantiles.of(counted, part.millis())));
        var report = new LinkedHashMap<String, Object>();
        report.put(
                "settings",
                Map.of(
                        "runs",
                        runs,
                        "canaries",
                        canaries,
                        "warmUp",
                        warmUp,
                        "cores",
                        Runtime.getRuntime().availableProcessors()));
        report.put("millis", parts);
        report.put("rollbacks", counted);
        return Json.mapper().writerWithDefaultPrettyPrinter().writeValueAsString(report) + "\n";
    }
}
