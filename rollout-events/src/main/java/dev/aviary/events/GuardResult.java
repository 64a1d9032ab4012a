package dev.aviary.events;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/// What the guard knows of one metric, from the rollout's first look to the present one.
///
/// @param allowed           failure ratio that the bound allows, between 0 and 1
/// @param canary            requests judged, without the burn-in
/// @param primary           requests of the primary in the same windows
/// @param burnIn            requests of the canary that were counted, not judged
/// @param boundEvidence     natural logarithm of the e-value against the metric's own bound
/// @param primaryEvidence   the same against the primary
/// @param alpha             share of the rollout's α that is this metric's
/// @param source            of the counts, if there are any
/// @param from              UTC, of the first look
/// @param windows           looks that saw requests to judge; empty in a record from before they were counted
/// @param needs             until it is settled; empty once it is, and where nothing can be said
/// @param sentence          all of it in words
public record GuardResult(
        String metric,
        State state,
        double allowed,
        Tally canary,
        Tally primary,
        long burnIn,
        double boundEvidence,
        double primaryEvidence,
        double alpha,
        Optional<Count.Source> source,
        Instant from,
        Optional<Long> windows,
        Optional<Needs> needs,
        String sentence) {
    public enum State {
        FAILING,
        NO_TRAFFIC,
        NO_DATA,
        HEALTHY,
        THRESHOLD_ONLY
    }

    /// How far it is from being settled: proven where the canary shows more failures than are allowed, else ruled out.
    ///
    /// @param ratio    failure ratio that is meant, between 0 and 1
    /// @param proof    that it is proven; else that it is ruled out
    /// @param requests of the canary, that many more on average, if they fail as those so far did
    /// @param time     that they take at the present traffic; empty without any
    public record Needs(double ratio, boolean proof, long requests, Optional<Duration> time) {}

    public record Tally(long failures, long total) {
        public static final Tally NONE = new Tally(0, 0);

        public Tally plus(long failures, long total) {
            return new Tally(this.failures + failures, this.total + total);
        }
    }
}
