package dev.aviary.decisions.backtest;

import java.time.Instant;

/// How a rollout ended, or would have.
///
/// @param at   UTC, of the evidence that decided it; up to here it is known
/// @param step it was in, -1 before the first
/// @param why  in words
public record Ending(Kind kind, Instant at, int step, String why) {
    public enum Kind {
        PROMOTED,
        ROLLED_BACK,
        /// A newer revision took its place, or the Canary went.
        REPLACED,
        UNDER_WAY,
        /// The policy would have needed what nobody measured.
        NOT_KNOWN
    }

    boolean isSame(Ending other) {
        return kind == other.kind && at.equals(other.at);
    }
}
