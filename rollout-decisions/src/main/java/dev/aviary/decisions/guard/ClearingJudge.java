package dev.aviary.decisions.guard;

import java.util.List;
import java.util.OptionalLong;

/// Evidence that the canary fails less often than `harmful`: enough of it, and a rollout may go on before its time. An
/// e-value, as in [BoundJudge]: while each request fails with a chance of at least `harmful`, the evidence ever reaches
/// `1/beta` with probability at most `beta`.
///
/// The mean of likelihood ratios against four smaller failure ratios, over all requests at once. It has no new
/// beginnings, so failures that were once seen are not forgotten.
///
/// @param harmful  failure ratio to be excluded, between 0 and 1, both excluded
/// @param failures of `total`
/// @param total    requests so far
public record ClearingJudge(double harmful, long failures, long total) {
    private static final List<Double> ODDS = List.of(1 / 2.0, 1 / 5.0, 1 / 20.0, 1 / 100.0);

    public ClearingJudge {
        if (!(harmful > 0 && harmful < 1)) {
            throw new IllegalArgumentException("a failure ratio is between 0 and 1, got " + harmful);
        }
        Counts.check(failures, total);
    }

    public static ClearingJudge of(double harmful) {
        return new ClearingJudge(harmful, 0, 0);
    }

    /// After one more look.
    ///
    /// @param failed   of `requests`
    /// @param requests since the look before
    /// @throws IllegalArgumentException if these aren't counts
    public ClearingJudge seen(long failed, long requests) {
        Counts.check(failed, requests);
        return new ClearingJudge(harmful, failures + failed, total + requests);
    }

    /// @return natural logarithm of the e-value; 0 before any request
    public double logEvidence() {
        return Logs.mean(logs());
    }

    /// How many more requests it takes until the evidence reaches `bound`, on average, if `ratio` of them fail.
    ///
    /// @param bound natural logarithm
    /// @return empty if `ratio` is too near to `harmful`
    public OptionalLong needs(double ratio, double bound) {
        return Forecast.requests(
                logs(),
                ODDS.stream()
                        .map(odds -> BoundJudge.growth(harmful, odds, ratio))
                        .toList(),
                bound);
    }

    private List<Double> logs() {
        return ODDS.stream()
                .map(odds -> BoundJudge.logRatio(harmful, odds, failures, total))
                .toList();
    }
}
