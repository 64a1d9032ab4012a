package dev.aviary.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.aviary.cli.backtest.Backtests;
import dev.aviary.cli.backtest.PolicyFile;
import dev.aviary.cli.backtest.Row;
import dev.aviary.cli.backtest.Score;
import dev.aviary.cli.backtest.Table;
import dev.aviary.cli.story.Colours;
import dev.aviary.decisions.backtest.Backtested;
import dev.aviary.decisions.backtest.Backtested.Comparison;
import dev.aviary.eventlog.codec.Json;
import dev.aviary.eventlog.topics.History;
import dev.aviary.events.CanaryKey;
import dev.aviary.events.Policy;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.regex.Pattern;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// A program of its own, without Kubernetes' client on its class path: whatever a policy says, nothing can come of it.
@Command(
        name = "backtest",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description = {
            "Runs a changed policy over every recorded rollout: which would have been rolled back or promoted"
                    + " otherwise, and when.",
            "It reads the log and writes nothing; it knows no way to Kubernetes or to a receiver of alerts."
        })
public final class BacktestCommand implements Callable<Integer> {
    private static final String CLIENT = "io.fabric8.kubernetes.client.KubernetesClient";
    private static final Pattern DAYS = Pattern.compile("(\\d{1,5})d");

    /// Someone else's chatter doesn't belong on a user's screen; what matters comes as a [Problem].
    private static final Logger QUIET = Logger.getLogger("");

    @Parameters(
            index = "0..*",
            paramLabel = "NAMESPACE/NAME",
            description = "Only these canaries. Default: all that the log has.")
    List<String> canaries = List.of();

    @Option(
            names = "--policy",
            required = true,
            paramLabel = "FILE",
            description = "YAML: threshold, steps, iterations, metrics, guard; what it doesn't give stays as it was.")
    Path policy = Path.of("");

    @Option(
            names = "--since",
            paramLabel = "TIME",
            description = "Only rollouts that started since then: an instant such as 2026-01-31T12:00:00Z, or so long"
                    + " ago: 30d, PT12H.")
    Optional<String> since = Optional.empty();

    @Option(names = "--changed", description = "Leave out the rollouts that would have ended the same.")
    boolean changed;

    @Option(names = "--json", description = "One rollout a line, then the summary, for machines.")
    boolean json;

    @Mixin
    LogOptions log = new LogOptions();

    private final PrintStream out = System.out;

    public static void main(String[] args) {
        QUIET.setLevel(Level.SEVERE);
        System.exit(new CommandLine(new BacktestCommand())
                .setCommandName("aviary backtest")
                .setExecutionExceptionHandler(new Telling())
                .execute(args));
    }

    @Override
    public Integer call() {
        if (hasKubernetes()) {
            throw new Problem(
                    "a backtest runs in a program without Kubernetes' client, and this one has it: start it as"
                            + " `./aviary backtest`. Nothing was read.");
        }
        var changes = PolicyFile.read(policy);
        var from = since.map(time -> instant(time, Instant.now())).orElse(Instant.MIN);
        var names = canaries.stream().map(CanaryName::of).toList();
        var kafka = log.connection();
        Backtests.Result result;
        try (var history = History.ofAll(kafka, log.topics().rolloutEvents())) {
            result = Backtests.of(
                    history.iterator(), changes, key -> isAsked(names, key), from, BacktestCommand::progress);
        }
        if (result.rows().isEmpty()) {
            throw new Problem("the log has no rollout%s%s."
                    .formatted(
                            names.isEmpty() ? "" : " of " + String.join(", ", canaries),
                            since.map(" since %s"::formatted).orElse("")));
        }
        refuseUnknown(changes, result);
        tell(result);
        return 0;
    }

    private static boolean hasKubernetes() {
        try {
            Class.forName(CLIENT, false, BacktestCommand.class.getClassLoader());
            return true;
        } catch (ClassNotFoundException none) {
            return false;
        }
    }

    private static boolean isAsked(List<CanaryName> names, CanaryKey key) {
        return names.isEmpty() || names.stream().anyMatch(name -> name.isOf(key));
    }

    /// A metric's name that is written otherwise would change nothing, and look as if it did.
    private void refuseUnknown(Policy changes, Backtests.Result result) {
        changes.metrics().keySet().stream()
                .filter(name -> !result.metrics().contains(name))
                .findFirst()
                .ifPresent(name -> {
                    throw new Problem("%s: none of these rollouts has a metric \"%s\"; they have: %s."
                            .formatted(policy, name, String.join(", ", result.metrics())));
                });
    }

    static Instant instant(String time, Instant now) {
        var days = DAYS.matcher(time);
        try {
            if (days.matches()) {
                return now.minus(Duration.ofDays(Long.parseLong(days.group(1))));
            }
            return time.startsWith("P") ? now.minus(Duration.parse(time)) : Instant.parse(time);
        } catch (DateTimeException e) {
            throw new Problem(
                    "--since is \"%s\"; it must be an instant such as 2026-01-31T12:00:00Z, or a time such as 30d or PT12H."
                            .formatted(time));
        }
    }

    private void tell(Backtests.Result result) {
        var rows = result.rows();
        var shown = rows.stream()
                .filter(row -> !changed || row.result().comparison() != Comparison.SAME)
                .toList();
        if (json) {
            shown.forEach(row -> out.println(asJson(line(row))));
            out.println(asJson(summary(result)));
            return;
        }
        Table.of(shown).forEach(out::println);
        out.println();
        Table.summary(rows).forEach(out::println);
        if (result.unreadable() > 0) {
            out.printf(
                    "%d records can't be read by this version; it is as if they weren't there.%n", result.unreadable());
        }
    }

    private static Map<String, Object> line(Row row) {
        var line = new LinkedHashMap<String, Object>();
        line.put("canary", row.canary());
        line.put("comparison", row.result().comparison());
        line.put("label", row.label());
        line.put("result", row.result());
        return line;
    }

    private static Map<String, Object> summary(Backtests.Result result) {
        var recorded = Score.of(result.rows(), Backtested::recorded);
        var otherwise = Score.of(result.rows(), Backtested::otherwise);
        var summary = new LinkedHashMap<String, Object>();
        summary.put("rollouts", result.rows().size());
        for (var comparison : Comparison.values()) {
            summary.put(
                    comparison.name().toLowerCase(java.util.Locale.ROOT).replace('_', '-'),
                    result.rows().stream()
                            .filter(row -> row.result().comparison() == comparison)
                            .count());
        }
        summary.put("recorded", score(recorded));
        summary.put("policy", score(otherwise));
        summary.put("unreadable", result.unreadable());
        return summary;
    }

    private static Map<String, Object> score(Score score) {
        var all = new LinkedHashMap<String, Object>();
        all.put("counts", score);
        all.put("precision", score.precision());
        all.put("recall", score.recall());
        return all;
    }

    private static String asJson(Object value) {
        try {
            return Json.mapper().writeValueAsString(value);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void progress(long read) {
        if (Colours.terminal()) {
            System.err.printf("\r%,d records read", read);
        }
    }
}
