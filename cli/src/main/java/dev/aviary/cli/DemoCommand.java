package dev.aviary.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.aviary.cli.demo.Demo;
import dev.aviary.cli.demo.Measured;
import dev.aviary.cli.live.Screen;
import dev.aviary.cli.story.Colours;
import dev.aviary.eventlog.codec.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
        name = "demo",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description = "The seed experiment on real parts: bad releases are taken back, a good one is promoted.")
final class DemoCommand implements Callable<Integer> {
    private static final List<String> ALL = List.of("slow", "good", "broken");
    private static final List<String> FURTHER = List.of("no-traffic", "unseen");

    @Option(
            names = "--release",
            defaultValue = "all",
            description = "slow, good, broken or all of these; or no-traffic (a good one that nobody asks at first) or "
                    + "unseen (one that Prometheus sees late). Default: ${DEFAULT-VALUE}")
    String release = "";

    @Option(names = "--interval", defaultValue = "10s", description = "The Canary's. Default: ${DEFAULT-VALUE}")
    String interval = "";

    @Option(names = "--scrape", description = "Prometheus'. Default: 5s, with --release unseen 15s")
    Optional<String> scrape = Optional.empty();

    @Option(
            names = "--repeat",
            paramLabel = "N",
            defaultValue = "1",
            description = "That many times, one after the other.")
    int repeat = 1;

    @Option(
            names = "--replicas",
            paramLabel = "N",
            defaultValue = "2",
            description = "Of the app. Default: ${DEFAULT-VALUE}")
    int replicas = 2;

    @Option(
            names = "--annotate",
            paramLabel = "NAME=VALUE",
            description = "Annotation of the demo's Canary, such as aviary.dev/guard=off; may be given several times.")
    Map<String, String> annotations = Map.of();

    @Option(names = "--plain", description = "One line an event, without the live view, as where it is no terminal.")
    boolean plain;

    @Option(names = "--report", paramLabel = "FILE", description = "Writes what was measured there, in JSON.")
    Optional<Path> report = Optional.empty();

    @Override
    public Integer call() throws IOException, InterruptedException {
        if (!release.equals("all") && !ALL.contains(release) && !FURTHER.contains(release)) {
            throw new Problem(
                    "--release is \"%s\"; known: slow, good, broken, all, no-traffic, unseen.".formatted(release));
        }
        if (repeat < 1 || replicas < 1) {
            throw new Problem("--repeat is %d and --replicas %d; each must be at least 1.".formatted(repeat, replicas));
        }
        var folder = Files.createTempDirectory("aviary-demo");
        var settings = new Demo.Settings(
                folder,
                Collections.nCopies(repeat, release.equals("all") ? ALL : List.of(release)).stream()
                        .flatMap(List::stream)
                        .toList(),
                seconds("--interval", interval),
                seconds("--scrape", scrape.orElse(release.equals("unseen") ? "15s" : "5s")),
                replicas,
                annotations);
        var demo = new Demo(settings, Screen.of(plain));
        var closer = new Thread(demo::close);
        Runtime.getRuntime().addShutdownHook(closer);
        try (demo) {
            var measured = demo.run();
            var text = report(settings, measured);
            if (report.isPresent()) {
                Files.writeString(report.get(), text);
            }
            summary(measured);
            demo.complaints().forEach(complaint -> System.out.println(Colours.red("WRONG: " + complaint)));
            System.out.println(
                    demo.complaints().isEmpty()
                            ? Colours.green("Everything came out as it should.")
                            : Colours.red("Not everything came out as it should; the logs are in " + folder));
            return demo.complaints().isEmpty() ? 0 : 1;
        } finally {
            Runtime.getRuntime().removeShutdownHook(closer);
        }
    }

    private static String report(Demo.Settings settings, List<Measured> measured) throws JsonProcessingException {
        var report = new LinkedHashMap<String, Object>();
        report.put(
                "settings",
                Map.of(
                        "intervalMs", settings.interval().toMillis(),
                        "scrapeMs", settings.scrape().toMillis(),
                        "requestsPerSecond", settings.perSecond(),
                        "threshold", Demo.THRESHOLD,
                        "replicas", settings.replicas(),
                        "annotations", settings.annotations(),
                        "cores", Runtime.getRuntime().availableProcessors()));
        report.put("releases", measured);
        medianExposure(measured).ifPresent(median -> report.put("medianExposureMs", median));
        return Json.mapper().writerWithDefaultPrettyPrinter().writeValueAsString(report) + "\n";
    }

    private static void summary(List<Measured> releases) {
        System.out.printf(
                "%n%-8s %-10s %10s %12s %10s %10s %12s %8s %8s%n",
                "release", "phase", "detected", "first weight", "reverted", "ended", "to canary", "failed", "exposure");
        for (var one : releases) {
            System.out.printf(
                    "%-8s %-10s %10s %12s %10s %10s %12s %8s %8s%n",
                    one.release(),
                    one.endedPhase(),
                    millis(one.detectedMs()),
                    millis(one.firstWeightMs()),
                    millis(one.revertedMs()),
                    millis(one.endedMs()),
                    "%s of %s".formatted(one.requestsToCanary(), one.requestsTotal()),
                    one.requestsFailed(),
                    millis(one.exposureMs()));
        }
        System.out.println();
        if (releases.size() > ALL.size()) {
            medianExposure(releases).ifPresent(median -> System.out.println("median exposure: " + millis(median)));
        }
    }

    /// The middle one, or the upper of two.
    private static Optional<Long> medianExposure(List<Measured> releases) {
        var sorted = releases.stream()
                .map(Measured::exposureMs)
                .filter(Objects::nonNull)
                .sorted()
                .toList();
        return sorted.isEmpty() ? Optional.empty() : Optional.of(sorted.get(sorted.size() / 2));
    }

    private static String millis(@org.jspecify.annotations.Nullable Long value) {
        return value == null ? "-" : "%.1f s".formatted(value / 1000.0);
    }

    static Duration seconds(String option, String text) {
        try {
            var number = text.endsWith("m") || text.endsWith("s") ? text.substring(0, text.length() - 1) : text;
            long count = Long.parseLong(number);
            return text.endsWith("m") ? Duration.ofMinutes(count) : Duration.ofSeconds(count);
        } catch (NumberFormatException e) {
            throw new Problem("%s is \"%s\"; a number with s or m is meant, such as 10s.".formatted(option, text));
        }
    }
}
