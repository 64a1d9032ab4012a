package dev.aviary.decisions.guard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ClearingJudgeTest {
    /// Figures computed with separately written code.
    @ParameterizedTest
    @CsvSource({
        "0, 100, .01, .83133",
        "0, 300, .01, 2.58279",
        "0, 500, .01, 4.41486",
        "1, 500, .01, 1.81585",
        "2, 1000, .01, 3.90073",
        "0, 60, .05, 2.63404"
    })
    void evidenceThatAHarmfulRatioIsExcluded(long failures, long total, double harmful, double wanted) {
        assertThat(ClearingJudge.of(harmful).seen(failures, total).logEvidence())
                .isCloseTo(wanted, within(1e-5));
    }

    @ParameterizedTest
    @CsvSource({".05, 20, 68", ".01, 20, 346", ".001, 20, 3472", ".05, 100, 103", ".01, 100, 521", ".001, 100, 5227"})
    void soManyRequestsWithoutAFailureSuffice(double harmful, double wanted, int requests) {
        var before = ClearingJudge.of(harmful).seen(0, requests - 1);

        assertThat(before.logEvidence()).isLessThan(StrictMath.log(wanted));
        assertThat(before.seen(0, 1).logEvidence()).isGreaterThanOrEqualTo(StrictMath.log(wanted));
    }

    @Test
    void itBeginsAtNothingAndStaysANumber() {
        assertThat(ClearingJudge.of(.01).logEvidence()).isZero();
        assertThat(ClearingJudge.of(.01).seen(100_000, 100_000).logEvidence())
                .isNegative()
                .isFinite();
    }

    /// Worst case of what is to be excluded: a request that fails with exactly the harmful chance.
    @Test
    void aRequestIsWorthOneOnAverageWhereTheRatioIsHarmful() {
        var judge = ClearingJudge.of(.03);

        double mean = .03 * StrictMath.exp(judge.seen(1, 1).logEvidence())
                + .97 * StrictMath.exp(judge.seen(0, 1).logEvidence());

        assertThat(mean).isCloseTo(1, within(1e-12));
    }
}
