package dev.aviary.cli.backtest;

import dev.aviary.decisions.backtest.Backtest;
import dev.aviary.decisions.backtest.Backtested;
import dev.aviary.eventlog.LoggedEvent;
import dev.aviary.eventlog.codec.Read;
import dev.aviary.eventlog.topics.Entry;
import dev.aviary.events.CanaryKey;
import dev.aviary.events.Policy;
import dev.aviary.events.RolloutLabelled;
import dev.aviary.events.RolloutStarted;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.LongConsumer;
import java.util.function.Predicate;

/// Every rollout of a log under another policy, in one pass. What is held is a rollout per canary and a line per
/// rollout,
/// however long the log is.
public final class Backtests {
    private static final int PROGRESS = 4096;

    private final Policy policy;
    private final Predicate<CanaryKey> asked;
    private final Instant since;
    private final Map<CanaryKey, Backtest> canaries = new HashMap<>();
    private final Map<CanaryKey, Map<Long, RolloutLabelled.Outcome>> labels = new HashMap<>();
    private final List<Row> rows = new ArrayList<>();
    private final SortedSet<String> metrics = new TreeSet<>();
    private long unreadable;

    private Backtests(Policy policy, Predicate<CanaryKey> asked, Instant since) {
        this.policy = policy;
        this.asked = asked;
        this.since = since;
    }

    /// @param rows       in the order in which the rollouts started
    /// @param metrics    that these rollouts had
    /// @param unreadable records that say nothing to this version
    public record Result(List<Row> rows, SortedSet<String> metrics, long unreadable) {}

    /// @param log      of however many canaries, each one's in order
    /// @param asked    which canaries
    /// @param since    UTC; rollouts that started before it are left out
    /// @param progress is told now and then how many records were read
    public static Result of(
            Iterator<Entry> log, Policy policy, Predicate<CanaryKey> asked, Instant since, LongConsumer progress) {
        var all = new Backtests(policy, asked, since);
        long read = 0;
        while (log.hasNext()) {
            all.read(log.next());
            if (++read % PROGRESS == 0) {
                progress.accept(read);
            }
        }
        return all.end();
    }

    private void read(Entry entry) {
        if (!asked.test(entry.key())) {
            return;
        }
        if (!(entry.read() instanceof Read.Event(var logged))) {
            unreadable++;
            return;
        }
        if (logged.event() instanceof RolloutLabelled label) {
            labels.computeIfAbsent(entry.key(), _ -> new HashMap<>()).put(label.rollout(), label.outcome());
        }
        var now = logged.taken().map(LoggedEvent.Taken::now).orElse(entry.timestamp());
        if (logged.event() instanceof RolloutStarted started && !now.isBefore(since)) {
            started.plan().spec().metrics().forEach(metric -> metrics.add(metric.name()));
        }
        canaries.computeIfAbsent(entry.key(), _ -> new Backtest(policy))
                .read(logged.event(), now)
                .ifPresent(result -> add(entry.key(), result));
    }

    private Result end() {
        canaries.forEach((canary, backtest) -> backtest.end().forEach(result -> add(canary, result)));
        var labelled = rows.stream()
                .map(row -> new Row(row.canary(), row.result(), label(row)))
                .sorted(Comparator.comparing((Row row) -> row.result().started())
                        .thenComparing(Row::canary))
                .toList();
        return new Result(labelled, metrics, unreadable);
    }

    private void add(CanaryKey canary, Backtested result) {
        if (!result.started().isBefore(since)) {
            rows.add(new Row(canary, result, Optional.empty()));
        }
    }

    private Optional<RolloutLabelled.Outcome> label(Row row) {
        return Optional.ofNullable(labels.getOrDefault(row.canary(), Map.of())
                .get(row.result().rollout().number()));
    }
}
