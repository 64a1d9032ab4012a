package dev.aviary.cli.backtest;

import dev.aviary.decisions.backtest.Backtested;
import dev.aviary.decisions.backtest.Ending;
import dev.aviary.events.RolloutLabelled;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/// Endings against labels: a rollback says "bad", a promotion "good".
///
/// @param caught  bad, and rolled back
/// @param missed  bad, and promoted
/// @param alarms  good, and rolled back
/// @param cleared good, and promoted
/// @param open    neither, or not known
public record Score(long caught, long missed, long alarms, long cleared, long open) {
    /// @param ending which of the two
    public static Score of(List<Row> rows, Function<Backtested, Ending> ending) {
        long caught = 0;
        long missed = 0;
        long alarms = 0;
        long cleared = 0;
        long open = 0;
        for (var row : rows) {
            if (row.label().isEmpty()) {
                continue;
            }
            boolean bad = row.label().get() == RolloutLabelled.Outcome.BAD;
            switch (ending.apply(row.result()).kind()) {
                case ROLLED_BACK -> {
                    caught += bad ? 1 : 0;
                    alarms += bad ? 0 : 1;
                }
                case PROMOTED -> {
                    missed += bad ? 1 : 0;
                    cleared += bad ? 0 : 1;
                }
                case REPLACED, UNDER_WAY, NOT_KNOWN -> open++;
            }
        }
        return new Score(caught, missed, alarms, cleared, open);
    }

    public long all() {
        return caught + missed + alarms + cleared + open;
    }

    /// Share of the rollbacks that were right; empty without any.
    public Optional<Double> precision() {
        return ratio(caught, caught + alarms);
    }

    /// Share of the bad releases that were rolled back; empty without any.
    public Optional<Double> recall() {
        return ratio(caught, caught + missed);
    }

    private static Optional<Double> ratio(long part, long all) {
        return all == 0 ? Optional.empty() : Optional.of((double) part / all);
    }
}
