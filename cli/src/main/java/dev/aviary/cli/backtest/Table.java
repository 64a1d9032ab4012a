package dev.aviary.cli.backtest;

import dev.aviary.cli.story.Colours;
import dev.aviary.decisions.backtest.Backtested;
import dev.aviary.decisions.backtest.Backtested.Comparison;
import dev.aviary.decisions.backtest.Ending;
import dev.aviary.events.RolloutLabelled;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// A backtest for people.
public final class Table {
    private Table() {}

    public static List<String> of(List<Row> rows) {
        int canary = Stream.concat(Stream.of("CANARY"), rows.stream().map(Table::canary))
                .mapToInt(String::length)
                .max()
                .orElseThrow();
        int went = Stream.concat(
                        Stream.of("AS IT WENT"),
                        rows.stream()
                                .map(row -> words(row.result(), row.result().recorded())))
                .mapToInt(String::length)
                .max()
                .orElseThrow();
        var form = "%%-%ds  %%7s  %%-20s  %%-5s  %%-%ds  %%s".formatted(canary, went);
        var head = form.formatted("CANARY", "ROLLOUT", "STARTED", "LABEL", "AS IT WENT", "UNDER THE POLICY");
        return Stream.concat(Stream.of(head), rows.stream().flatMap(row -> lines(row, form)))
                .toList();
    }

    private static Stream<String> lines(Row row, String form) {
        var result = row.result();
        var line = form.formatted(
                canary(row),
                result.rollout().number(),
                result.started().truncatedTo(ChronoUnit.SECONDS),
                row.label().map(RolloutLabelled.Outcome::word).orElse("-"),
                words(result, result.recorded()),
                result.comparison() == Comparison.SAME ? "the same" : words(result, result.otherwise()));
        return Stream.concat(
                Stream.of(
                        switch (result.comparison()) {
                            case SAME -> line;
                            case OTHERWISE ->
                                result.otherwise().kind() == Ending.Kind.ROLLED_BACK
                                        ? Colours.red(line)
                                        : Colours.green(line);
                            case NOT_KNOWN -> Colours.yellow(line);
                        }),
                why(result).map(why -> Colours.dim("    " + why)));
    }

    private static Stream<String> why(Backtested result) {
        return switch (result.comparison()) {
            case SAME -> Stream.of();
            case OTHERWISE -> Stream.concat(Stream.of(result.otherwise().why()), result.notes().stream());
            case NOT_KNOWN -> Stream.of(result.otherwise().why());
        };
    }

    private static String canary(Row row) {
        return row.canary().toString();
    }

    private static String words(Backtested result, Ending ending) {
        var after = "after %s s".formatted(seconds(Duration.between(result.started(), ending.at())));
        return switch (ending.kind()) {
            case PROMOTED -> "promoted " + after;
            case ROLLED_BACK -> "rolled back " + after;
            case REPLACED -> "replaced " + after;
            case UNDER_WAY -> "under way";
            case NOT_KNOWN -> "not known";
        };
    }

    private static String seconds(Duration time) {
        return String.format(Locale.ROOT, "%.1f", time.toMillis() / 1000.0);
    }

    /// What it comes to.
    public static List<String> summary(List<Row> rows) {
        var recorded = Score.of(rows, Backtested::recorded);
        var otherwise = Score.of(rows, Backtested::otherwise);
        var all = "%d rollout%s: %d the same, %d otherwise, %d not known"
                .formatted(
                        rows.size(),
                        rows.size() == 1 ? "" : "s",
                        count(rows, Comparison.SAME),
                        count(rows, Comparison.OTHERWISE),
                        count(rows, Comparison.NOT_KNOWN));
        if (recorded.all() == 0) {
            return List.of(all, "None of them is labelled (`aviary label`), so nobody can say which is right.");
        }
        return Stream.of(
                        List.of("%d labelled".formatted(recorded.all()), "AS IT WENT", "UNDER THE POLICY"),
                        line("bad, rolled back", recorded.caught(), otherwise.caught()),
                        line("bad, promoted", recorded.missed(), otherwise.missed()),
                        line("good, rolled back", recorded.alarms(), otherwise.alarms()),
                        line("good, promoted", recorded.cleared(), otherwise.cleared()),
                        line("neither, or not known", recorded.open(), otherwise.open()),
                        List.of(
                                "precision of a rollback",
                                percent(recorded.precision()),
                                percent(otherwise.precision())),
                        List.of("recall of the bad ones", percent(recorded.recall()), percent(otherwise.recall())))
                .map(line -> "%-24s  %10s  %16s".formatted(line.get(0), line.get(1), line.get(2)))
                .collect(Collectors.collectingAndThen(
                        Collectors.toList(),
                        lines -> Stream.concat(Stream.of(all), lines.stream()).toList()));
    }

    private static long count(List<Row> rows, Comparison comparison) {
        return rows.stream()
                .filter(row -> row.result().comparison() == comparison)
                .count();
    }

    private static List<String> line(String what, long recorded, long otherwise) {
        return List.of(what, Long.toString(recorded), Long.toString(otherwise));
    }

    private static String percent(Optional<Double> ratio) {
        return ratio.map(of -> String.format(Locale.ROOT, "%.1f %%", of * 100)).orElse("-");
    }
}
