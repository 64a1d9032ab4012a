package dev.aviary.decisions.guard;

/// `ln n!`, exact sums for small numbers, Stirling's series above.
///
/// @see <a href="https://dlmf.nist.gov/5.11">NIST: Digital Library of Mathematical Functions, 5.11</a>
final class LogFactorial {
    private static final double[] SMALL = new double[256];
    private static final double HALF_LN_2_PI = StrictMath.log(2 * StrictMath.PI) / 2;

    static {
        for (int n = 2; n < SMALL.length; n++) {
            SMALL[n] = SMALL[n - 1] + StrictMath.log(n);
        }
    }

    private LogFactorial() {}

    static double of(long n) {
        if (n < SMALL.length) {
            return SMALL[(int) n];
        }
        double x = n;
        return (x + 0.5) * StrictMath.log(x) - x + HALF_LN_2_PI + 1 / (12 * x) - 1 / (360 * x * x * x);
    }
}
