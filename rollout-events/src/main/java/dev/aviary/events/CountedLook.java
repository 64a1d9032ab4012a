package dev.aviary.events;

import java.time.Instant;
import java.util.List;

/// One look at one metric: what a backtest judges again.
///
/// @param at      UTC, when it was heard
/// @param allowed failure ratio that the bound allowed
/// @param canary  as it was judged: without the burn-in, and without a pod that is suspect
/// @param primary without the burn-in
/// @param pods    what was counted at each that had requests, the first ones too; empty in a record from before there
///     were any
public record CountedLook(
        String metric,
        int look,
        Instant at,
        double allowed,
        GuardResult.Tally canary,
        GuardResult.Tally primary,
        List<Share> pods) {
    /// As it was judged alone.
    public CountedLook(
            String metric, int look, Instant at, double allowed, GuardResult.Tally canary, GuardResult.Tally primary) {
        this(metric, look, at, allowed, canary, primary, List.of());
    }

    /// One pod's.
    ///
    /// @param pod index into the pods of [EvidenceRecorded]
    public record Share(int pod, long failures, long total) {}
}
