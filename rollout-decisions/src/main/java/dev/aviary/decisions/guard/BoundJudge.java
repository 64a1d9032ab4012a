package dev.aviary.decisions.guard;

import java.util.Collections;
import java.util.List;
import java.util.OptionalLong;
import java.util.stream.IntStream;

/// Evidence that the canary fails more often than `allowed`. It is an e-value, so it may be looked at as often as one
/// likes: while each request fails with a chance of at most `allowed`, however it varies below, the evidence ever
/// reaches `1/alpha` with probability at most `alpha` (Ville's inequality).
///
/// The mean of likelihood ratios against six larger failure ratios, begun anew before every look that saw requests with
/// weight `1/(s(s+1))`: so a fault that begins late is found about as fast as one that was there from the start.
///
/// @param allowed failure ratio that is still healthy, between 0 and 1, both excluded
/// @param looks   looks so far that saw requests
/// @param sums    natural logarithms, one per alternative: evidence since each beginning, weighted and summed
/// @see <a href="https://arxiv.org/abs/1906.07801">Grünwald, de Heide, Koolen: Safe Testing</a>
/// @see <a href="https://arxiv.org/abs/2210.01948">Ramdas, Grünwald, Vovk, Shafer: Game-theoretic statistics and safe
///     anytime-valid inference</a>
public record BoundJudge(double allowed, long looks, List<Double> sums) {
    private static final List<Double> ODDS = List.of(1.5, 2.0, 4.0, 10.0, 30.0, 100.0);

    public BoundJudge {
        if (!(allowed > 0 && allowed < 1)) {
            throw new IllegalArgumentException("a failure ratio is between 0 and 1, got " + allowed);
        }
        sums = List.copyOf(sums);
    }

    public static BoundJudge of(double allowed) {
        return new BoundJudge(allowed, 0, Collections.nCopies(ODDS.size(), Double.NEGATIVE_INFINITY));
    }

    /// After one more look.
    ///
    /// @param failures of `total`
    /// @param total    requests since the look before; none: nothing was learnt
    /// @throws IllegalArgumentException if these aren't counts
    public BoundJudge seen(long failures, long total) {
        Counts.check(failures, total);
        if (total == 0) {
            return this;
        }
        long look = looks + 1;
        double begun = -StrictMath.log((double) look * (look + 1));
        var next = IntStream.range(0, ODDS.size())
                .mapToObj(at -> Logs.sum(sums.get(at), begun) + logRatio(allowed, ODDS.get(at), failures, total))
                .toList();
        return new BoundJudge(allowed, look, next);
    }

    /// @return natural logarithm of the e-value; 0 before any request
    public double logEvidence() {
        return Logs.sum(Logs.mean(sums), -StrictMath.log(looks + 1.0));
    }

    /// How many more requests it takes until the evidence reaches `bound`, on average, if `ratio` of them fail.
    ///
    /// @param bound natural logarithm
    /// @return empty if so small a ratio is proven by luck only
    public OptionalLong needs(double ratio, double bound) {
        double begun = -StrictMath.log((looks + 1.0) * (looks + 2.0));
        return Forecast.requests(
                sums.stream().map(sum -> Logs.sum(sum, begun)).toList(),
                ODDS.stream().map(odds -> growth(allowed, odds, ratio)).toList(),
                bound);
    }

    /// Without new beginnings, over all requests at once.
    static double plain(double allowed, long failures, long total) {
        return Logs.mean(ODDS.stream()
                .map(odds -> logRatio(allowed, odds, failures, total))
                .toList());
    }

    /// Of the alternative whose odds are `times` those of `allowed`: `times^failures / (1 + allowed (times -
    /// 1))^total`.
    static double logRatio(double allowed, double times, long failures, long total) {
        return failures * StrictMath.log(times) - total * StrictMath.log1p(allowed * (times - 1));
    }

    /// Of its logarithm with one more request, on average, if `ratio` of them fail.
    static double growth(double allowed, double times, double ratio) {
        return ratio * StrictMath.log(times) - StrictMath.log1p(allowed * (times - 1));
    }
}
