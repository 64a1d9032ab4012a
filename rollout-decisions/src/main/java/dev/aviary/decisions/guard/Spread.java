package dev.aviary.decisions.guard;

/// How failures are spread between two groups of requests.
public final class Spread {
    private Spread() {}

    /// Chance that so few of all the failures, or fewer, would fall on the others, if all requests were equally
    /// likely to fail: given how many failed, they are drawn without putting back.
    ///
    /// When the guard looks closer depends on the failures of all pods together, never on which of them had how
    /// many: so it may choose the moment, and this chance stays what it says.
    ///
    /// @param failures       of `total`, at the pod in question
    /// @param othersFailures of `othersTotal`, at the other ones
    /// @return 1 if the others have nothing to show
    /// @throws IllegalArgumentException if these aren't counts
    /// @see <a href="https://en.wikipedia.org/wiki/Fisher%27s_exact_test">Fisher's exact test</a>
    public static double chance(long failures, long total, long othersFailures, long othersTotal) {
        Counts.check(failures, total);
        Counts.check(othersFailures, othersTotal);
        if (othersFailures * total >= failures * othersTotal) {
            return 1; // they fail no less
        }
        long all = failures + othersFailures;
        double log = Double.NEGATIVE_INFINITY;
        for (long theirs = Math.max(0, all - total); theirs <= othersFailures; theirs++) {
            log = Logs.sum(log, logChoose(othersTotal, theirs) + logChoose(total, all - theirs));
        }
        return Math.min(1, StrictMath.exp(log - logChoose(total + othersTotal, all)));
    }

    private static double logChoose(long n, long k) {
        return LogFactorial.of(n) - LogFactorial.of(k) - LogFactorial.of(n - k);
    }
}
