package dev.aviary.decisions.guard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Figures computed with separately written code.
class GuardVectorsTest {
    private static final Offset<Double> CLOSE = within(1e-5);

    @ParameterizedTest
    @CsvSource({
        "0, 100, .01, -1.76297",
        "1, 100, .01, -1.17103",
        "3, 100, .01, .35045",
        "2, 2, .01, 6.27018",
        "25, 25, .01, 96.13413",
        "3, 60, .001, 7.31041"
    })
    void evidenceAgainstABound(long failures, long total, double allowed, double wanted) {
        assertThat(BoundJudge.plain(allowed, failures, total)).isCloseTo(wanted, CLOSE);
    }

    @ParameterizedTest
    @CsvSource({
        "50, 950, 3, 1, 5.767987",
        "50, 950, 1, 0, 1.96465",
        "50, 950, 2, 0, 4.42823",
        "50, 950, 0, 0, 0",
        "50, 950, 0, 1, -.38973",
        "150, 2850, 8, 4, 15.21279",
        "500, 500, 8, 2, 1.16432"
    })
    void evidenceOfOneWindowAgainstThePrimary(long canary, long primary, long failed, long failedThere, double wanted) {
        assertThat(Logs.mean(PrimaryJudge.window(1, failed, canary, failedThere, primary)))
                .isCloseTo(wanted, CLOSE);
    }

    @Test
    void evidenceAgainstThePrimaryWithNewBeginnings() {
        var first = PrimaryJudge.of(1).seen(3, 50, 1, 950);
        assertThat(first.logEvidence()).isCloseTo(5.077961, CLOSE);
        assertThat(first.seen(2, 48, 1, 940).logEvidence()).isCloseTo(9.080749, CLOSE);

        var tolerant = PrimaryJudge.of(1.5).seen(3, 50, 1, 950);
        assertThat(tolerant.logEvidence()).isCloseTo(4.145821, CLOSE);
        assertThat(tolerant.seen(2, 48, 1, 940).logEvidence()).isCloseTo(7.407600, CLOSE);
    }

    @Test
    void whereEveryRequestFailsTwoSettleOnePercentAndThreeOnePerMille() {
        var one = BoundJudge.of(.01).seen(1, 1);
        var two = one.seen(1, 1);
        var three = two.seen(1, 1);
        assertThat(BoundJudge.plain(.01, 1, 1)).isLessThan(StrictMath.log(20));
        assertThat(BoundJudge.plain(.01, 2, 2)).isGreaterThan(StrictMath.log(100));
        assertThat(BoundJudge.plain(.01, 2, 2)).isLessThan(StrictMath.log(1000));
        assertThat(two.logEvidence()).isGreaterThan(StrictMath.log(100)).isLessThan(StrictMath.log(1000));
        assertThat(three.logEvidence()).isGreaterThan(StrictMath.log(1000));
    }

    /// With windows of five requests, ten slow ones are two windows.
    @Test
    void aFaultThatBeginsAfterThreeThousandGoodRequestsIsFoundInSevenOrInTwoWindowsOfFive() {
        var oneByOne = BoundJudge.of(.01);
        for (int request = 0; request < 3000; request++) {
            oneByOne = oneByOne.seen(0, 1);
        }
        assertThat(failuresNeeded(oneByOne, 1)).isEqualTo(7);
        var byFive = BoundJudge.of(.01);
        for (int window = 0; window < 600; window++) {
            byFive = byFive.seen(0, 5);
        }
        assertThat(failuresNeeded(byFive, 5)).isEqualTo(10);
    }

    private static int failuresNeeded(BoundJudge judge, int window) {
        int failures = 0;
        for (var at = judge; at.logEvidence() < StrictMath.log(1000); failures += window) {
            at = at.seen(window, window);
        }
        return failures;
    }

    /// What one window is worth on average is 1 while the canary is no worse, whatever the counts: else it would be no
    /// e-value.
    @Test
    void aWindowIsWorthOneOnAverageWhereTheCanaryIsNoWorse() {
        for (int canary = 0; canary <= 12; canary++) {
            for (int primary = 0; primary <= 12; primary++) {
                for (int failures = 0; failures <= canary + primary; failures++) {
                    assertThat(mean(canary, primary, failures, 1, 1)).isCloseTo(1, within(1e-9));
                    for (double odds : new double[] {.2, 1, 1.3, 1.5}) {
                        assertThat(mean(canary, primary, failures, 1.5, odds)).isLessThanOrEqualTo(1 + 1e-9);
                    }
                }
            }
        }
    }

    /// @param odds true odds ratio
    private static double mean(int canary, int primary, int failures, double tolerance, double odds) {
        double weights = 0;
        double sum = 0;
        for (int j = Math.max(0, failures - primary); j <= Math.min(canary, failures); j++) {
            double weight = choose(canary, j) * choose(primary, failures - j) * StrictMath.pow(odds, j);
            var evidence = Logs.mean(PrimaryJudge.window(tolerance, j, canary, failures - j, primary));
            weights += weight;
            sum += weight * StrictMath.exp(evidence);
        }
        return sum / weights;
    }

    private static double choose(int n, int k) {
        double product = 1;
        for (int i = 0; i < k; i++) {
            product = product * (n - i) / (i + 1);
        }
        return product;
    }

    @Test
    void oneMoreCanaryFailureNeverLowersItAndOneMoreOfThePrimaryNeverRaisesIt() {
        for (int n = 1; n <= 10; n++) {
            for (int m = 1; m <= 10; m++) {
                for (int x = 0; x < n; x++) {
                    for (int y = 0; y < m; y++) {
                        double here = Logs.mean(PrimaryJudge.window(1, x, n, y, m));
                        assertThat(Logs.mean(PrimaryJudge.window(1, x + 1, n, y, m)))
                                .isGreaterThanOrEqualTo(here - 1e-12);
                        assertThat(Logs.mean(PrimaryJudge.window(1, x, n, y + 1, m)))
                                .isLessThanOrEqualTo(here + 1e-12);
                    }
                }
            }
        }
    }

    @Test
    void largeCountsStayNumbers() {
        assertThat(PrimaryJudge.of(1.5).seen(100_000, 100_000, 100_000, 100_000).logEvidence())
                .isFinite();
        assertThat(PrimaryJudge.of(1).seen(100_000, 200_000, 100_000, 4_000_000).logEvidence())
                .isFinite()
                .isGreaterThan(1000);
        assertThat(BoundJudge.of(.001).seen(100_000, 100_000).logEvidence()).isFinite();
        assertThat(BoundJudge.of(.01).logEvidence()).isZero();
        assertThat(BoundJudge.of(.01).seen(0, 0)).isEqualTo(BoundJudge.of(.01));
    }
}
