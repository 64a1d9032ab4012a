package dev.aviary.decisions.backtest;

import dev.aviary.events.RolloutId;
import java.time.Instant;
import java.util.List;

/// A rollout as it went, and as it would have gone.
///
/// @param started UTC
/// @param notes   what is taken for granted in `otherwise`, in sentences
public record Backtested(RolloutId rollout, Instant started, Ending recorded, Ending otherwise, List<String> notes) {
    public enum Comparison {
        SAME,
        OTHERWISE,
        NOT_KNOWN
    }

    public Comparison comparison() {
        if (otherwise.kind() == Ending.Kind.NOT_KNOWN) {
            return Comparison.NOT_KNOWN;
        }
        return recorded.isSame(otherwise) ? Comparison.SAME : Comparison.OTHERWISE;
    }
}
