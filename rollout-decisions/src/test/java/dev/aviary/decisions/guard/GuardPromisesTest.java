package dev.aviary.decisions.guard;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.function.LongPredicate;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/// What the two tests promise, by simulation of the counts alone. By default a few seeded rollouts; in full with
/// `-Dsimulation.rollouts=2000`, which prints what docs/benchmarks keeps.
class GuardPromisesTest {
    private static final int ROLLOUTS = Integer.getInteger("simulation.rollouts", 150);
    private static final long SEED = Long.getLong("simulation.seed", 20_261_124);
    private static final int SECONDS = 900;
    private static final double ALLOWED = 0.01;

    @Test
    void aCanaryLikeItsPrimaryIsTakenBackNoMoreOftenThanAlpha() {
        for (double alpha : new double[] {0.05, 0.01}) {
            assertThat(rejected("as good as the primary, tolerance 1", alpha, seed -> beside(1, 1, alpha, seed)))
                    .isLessThanOrEqualTo(most(alpha));
            assertThat(rejected("as good as the primary, tolerance 1.5", alpha, seed -> beside(1.5, 1, alpha, seed)))
                    .isLessThanOrEqualTo(most(alpha));
        }
    }

    @Test
    void norIsOneThatIsWorseByAllThatIsTolerated() {
        for (double alpha : new double[] {0.05, 0.01}) {
            assertThat(rejected("odds 1.5, tolerance 1.5", alpha, seed -> beside(1.5, 1.5, alpha, seed)))
                    .isLessThanOrEqualTo(most(alpha));
        }
    }

    @Test
    void norIsOneThatFailsAsOftenAsItsBoundAllows() {
        for (double alpha : new double[] {0.05, 0.01}) {
            assertThat(rejected("at the bound", alpha, seed -> atTheBound(alpha, seed)))
                    .isLessThanOrEqualTo(most(alpha));
        }
    }

    /// One canary pod, nineteen of the primary; their ratios differ from pod to pod and second to second.
    @Test
    void requestsThatFailTogetherInAPodAreWithinTheTolerance() {
        assertThat(rejected("icc .02, tolerance 1.5", 0.05, seed -> clustered(0.02, 0.05, seed)))
                .isLessThanOrEqualTo(most(0.05));
    }

    @Test
    void fivePercentOverOnePerMilleIsFoundBesideThePrimaryWithinTwentyFiveSeconds() {
        var found = LongStream.range(0, ROLLOUTS)
                .mapToInt(run -> power(SEED + run))
                .sorted()
                .toArray();
        int median = found[found.length / 2];
        int ninth = found[found.length * 9 / 10];
        System.out.printf(
                "5 %% over .1 %%, windows of 5 s, alpha .001: %d runs, mean %.1f s, median %d s, p90 %d s, slowest %d s%n",
                found.length, Arrays.stream(found).average().orElseThrow(), median, ninth, found[found.length - 1]);

        assertThat(median).isLessThanOrEqualTo(25);
        assertThat(ninth).isLessThanOrEqualTo(45);
        assertThat(found[found.length - 1]).isLessThanOrEqualTo(300);
    }

    @Test
    void aWindowWithoutFailuresSaysNothingBesideThePrimary() {
        for (int canary = 0; canary <= 12; canary++) {
            for (int primary = 0; primary <= 12; primary++) {
                assertThat(PrimaryJudge.window(1.5, 0, canary, 0, primary)).containsOnly(0.0);
            }
        }
    }

    private static long rejected(String what, double alpha, LongPredicate isRejected) {
        long rejected = LongStream.range(SEED, SEED + ROLLOUTS)
                .parallel()
                .filter(isRejected)
                .count();
        System.out.printf(
                "%d rollouts of %d s, %s, alpha %s: %d rejected, at most %d%n",
                ROLLOUTS, SECONDS, what, alpha, rejected, most(alpha));
        return rejected;
    }

    /// α of them, and three standard deviations.
    private static long most(double alpha) {
        return (long) (alpha * ROLLOUTS + 3 * Math.sqrt(alpha * (1 - alpha) * ROLLOUTS));
    }

    /// The common ratio swings from a tenth to nearly twice 1 %, the weight goes from 5 to 50 %.
    ///
    /// @param odds true odds ratio of the canary to the primary
    private static boolean beside(double tolerance, double odds, double alpha, long seed) {
        var random = new SplittableRandom(seed);
        double perSecond = new double[] {20, 100, 200}[(int) (seed % 3)];
        double phase = random.nextDouble() * 2 * Math.PI;
        var judge = PrimaryJudge.of(tolerance);
        for (int second = 0; second < SECONDS; second++) {
            double weight = second < 300 ? .05 : second < 600 ? .2 : .5;
            double failing = .01 * (1 + .9 * Math.sin(second / 60.0 + phase));
            int canary = poisson(random, perSecond * weight);
            int primary = poisson(random, perSecond * (1 - weight));
            judge = judge.seen(
                    binomial(random, canary, worse(failing, odds)),
                    canary,
                    binomial(random, primary, failing),
                    primary);
            if (judge.logEvidence() >= -StrictMath.log(alpha)) {
                return true;
            }
        }
        return false;
    }

    private static boolean atTheBound(double alpha, long seed) {
        var random = new SplittableRandom(seed);
        double perSecond = new double[] {1, 5, 20, 50}[(int) (seed % 4)];
        var judge = BoundJudge.of(ALLOWED);
        for (int second = 0; second < SECONDS; second++) {
            int canary = poisson(random, perSecond);
            judge = judge.seen(binomial(random, canary, ALLOWED), canary);
            if (judge.logEvidence() >= -StrictMath.log(alpha)) {
                return true;
            }
        }
        return false;
    }

    private static boolean clustered(double icc, double alpha, long seed) {
        var random = new SplittableRandom(seed);
        var judge = PrimaryJudge.of(1.5);
        for (int second = 0; second < SECONDS; second++) {
            int canary = poisson(random, 5);
            int failures = binomial(random, canary, ofPod(random, icc));
            int primary = 0;
            int primaryFailures = 0;
            for (int pod = 0; pod < 19; pod++) {
                int requests = poisson(random, 5);
                primary += requests;
                primaryFailures += binomial(random, requests, ofPod(random, icc));
            }
            judge = judge.seen(failures, canary, primaryFailures, primary);
            if (judge.logEvidence() >= -StrictMath.log(alpha)) {
                return true;
            }
        }
        return false;
    }

    /// @return when it was found, in seconds
    private static int power(long seed) {
        var random = new SplittableRandom(seed);
        var judge = PrimaryJudge.of(1.5);
        int second = 0;
        while (judge.logEvidence() < -StrictMath.log(.001)) {
            int canary = poisson(random, 100 * 5 * .05);
            int primary = poisson(random, 100 * 5 * .95);
            judge = judge.seen(binomial(random, canary, .05), canary, binomial(random, primary, .001), primary);
            second += 5;
        }
        return second;
    }

    private static double worse(double ratio, double odds) {
        return odds * ratio / (1 - ratio + odds * ratio);
    }

    /// One pod's ratio of failures, 1 % on average: Beta, so that two requests of a pod fail together with
    /// correlation `icc`.
    private static double ofPod(SplittableRandom random, double icc) {
        double both = 1 / icc - 1;
        double failing = gamma(random, .01 * both);
        return failing / (failing + gamma(random, .99 * both));
    }

    /// @see <a href="https://doi.org/10.1145/358407.358414">Marsaglia, Tsang: a simple method for generating gamma
    ///     variables</a>
    private static double gamma(SplittableRandom random, double shape) {
        if (shape < 1) {
            return gamma(random, shape + 1) * Math.pow(1 - random.nextDouble(), 1 / shape);
        }
        double d = shape - 1.0 / 3;
        while (true) {
            double normal = random.nextGaussian();
            double v = Math.pow(1 + normal / Math.sqrt(9 * d), 3);
            if (v > 0 && Math.log1p(-random.nextDouble()) < normal * normal / 2 + d - d * v + d * Math.log(v)) {
                return d * v;
            }
        }
    }

    private static int binomial(SplittableRandom random, int requests, double failing) {
        int failures = 0;
        for (int request = 0; request < requests; request++) {
            if (random.nextDouble() < failing) {
                failures++;
            }
        }
        return failures;
    }

    private static int poisson(SplittableRandom random, double mean) {
        int events = 0;
        for (double passed = -Math.log1p(-random.nextDouble()); passed < mean; events++) {
            passed -= Math.log1p(-random.nextDouble());
        }
        return events;
    }
}
