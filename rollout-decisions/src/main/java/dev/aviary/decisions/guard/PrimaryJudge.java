package dev.aviary.decisions.guard;

import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;

/// Evidence that the canary fails more often than the primary did in the same windows, by more than `tolerance`. An
/// e-value, as in [BoundJudge]. Each window is judged given its failures on both sides together, so the common rate may
/// drift and the weight may change from one window to the next; a window without failures says nothing.
///
/// @param tolerance odds ratio that is still no worse, at least 1
/// @param looks     windows so far that saw requests
/// @param sums      natural logarithms, one per alternative: evidence since each beginning, weighted and summed
/// @see <a href="https://arxiv.org/abs/2210.01948">Ramdas, Grünwald, Vovk, Shafer: Game-theoretic statistics and safe
///     anytime-valid inference</a>
public record PrimaryJudge(double tolerance, long looks, List<Double> sums) {
    private static final List<Double> ODDS = List.of(1.5, 2.0, 4.0, 10.0, 30.0, 100.0);

    /// Terms that are this much smaller than the largest don't show in a double.
    private static final double NEGLIGIBLE = -45;

    public PrimaryJudge {
        if (!(tolerance >= 1 && tolerance < 100)) {
            throw new IllegalArgumentException("a tolerated odds ratio is from 1 to below 100, got " + tolerance);
        }
        sums = List.copyOf(sums);
    }

    public static PrimaryJudge of(double tolerance) {
        return new PrimaryJudge(
                tolerance, 0, Collections.nCopies(alternatives(tolerance).size(), Double.NEGATIVE_INFINITY));
    }

    /// After one more window.
    ///
    /// @throws IllegalArgumentException if these aren't counts
    public PrimaryJudge seen(long canaryFailures, long canaryTotal, long primaryFailures, long primaryTotal) {
        Counts.check(canaryFailures, canaryTotal);
        Counts.check(primaryFailures, primaryTotal);
        if (canaryTotal == 0 || primaryTotal == 0) {
            return this;
        }
        long look = looks + 1;
        double begun = -StrictMath.log((double) look * (look + 1));
        var ratios = window(tolerance, canaryFailures, canaryTotal, primaryFailures, primaryTotal);
        var next = IntStream.range(0, ratios.size())
                .mapToObj(at -> Logs.sum(sums.get(at), begun) + ratios.get(at))
                .toList();
        return new PrimaryJudge(tolerance, look, next);
    }

    /// @return natural logarithm of the e-value; 0 before any request
    public double logEvidence() {
        return Logs.sum(Logs.mean(sums), -StrictMath.log(looks + 1.0));
    }

    /// One window's logarithms, one per alternative.
    static List<Double> window(
            double tolerance, long canaryFailures, long canaryTotal, long primaryFailures, long primaryTotal) {
        long failures = canaryFailures + primaryFailures;
        if (failures == 0) {
            return Collections.nCopies(alternatives(tolerance).size(), 0.0);
        }
        double healthy = logSum(tolerance, canaryTotal, primaryTotal, failures);
        return alternatives(tolerance).stream()
                .map(odds -> canaryFailures * StrictMath.log(odds / tolerance)
                        + healthy
                        - logSum(odds, canaryTotal, primaryTotal, failures))
                .toList();
    }

    private static List<Double> alternatives(double tolerance) {
        return ODDS.stream().filter(odds -> odds > tolerance).toList();
    }

    /// `ln Σ_j C(canary, j) C(primary, failures - j) odds^j`, up to a summand that doesn't depend on the odds. The
    /// terms
    /// rise to one peak and fall, each the one before times a ratio: they are summed outwards from the peak.
    private static double logSum(double odds, long canary, long primary, long failures) {
        long first = Math.max(0, failures - primary);
        long last = Math.min(canary, failures);
        long peak = peak(odds, canary, primary, failures, first, last);
        double sum = 1;
        double log = 0;
        for (long j = peak; j < last && log > NEGLIGIBLE; j++) {
            log += logStep(odds, canary, primary, failures, j);
            sum += StrictMath.exp(log);
        }
        log = 0;
        for (long j = peak; j > first && log > NEGLIGIBLE; j--) {
            log -= logStep(odds, canary, primary, failures, j - 1);
            sum += StrictMath.exp(log);
        }
        return logTerm(odds, canary, primary, failures, peak, first) + StrictMath.log(sum);
    }

    /// From term `j` to the next one.
    private static double logStep(double odds, long canary, long primary, long failures, long j) {
        return StrictMath.log(
                odds * ((double) (canary - j) / (j + 1)) * ((double) (failures - j) / (primary - failures + j + 1)));
    }

    private static long peak(double odds, long canary, long primary, long failures, long first, long last) {
        long low = first;
        long high = last;
        while (low < high) {
            long middle = (low + high) >>> 1;
            if (logStep(odds, canary, primary, failures, middle) > 0) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    /// Of term `j`, the hypergeometric part by factorials: the same for all odds, so it cancels where peaks agree.
    private static double logTerm(double odds, long canary, long primary, long failures, long j, long first) {
        return logChoose(canary, j)
                + logChoose(primary, failures - j)
                - logChoose(canary, first)
                - logChoose(primary, failures - first)
                + j * StrictMath.log(odds);
    }

    private static double logChoose(long n, long k) {
        return LogFactorial.of(n) - LogFactorial.of(k) - LogFactorial.of(n - k);
    }
}
