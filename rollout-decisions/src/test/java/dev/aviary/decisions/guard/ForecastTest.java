package dev.aviary.decisions.guard;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// "Needs about N more requests", held against how many they are.
class ForecastTest {
    private static final int RUNS = 400;

    @ParameterizedTest
    @CsvSource({".01, .05, 0", ".01, 1, 0", ".001, .05, 0", ".01, .05, 3000", ".01, .2, 500"})
    void soManyMoreProveIt(double allowed, double ratio, int goodBefore) {
        var from = BoundJudge.of(allowed);
        for (int look = 0; look < goodBefore / 50; look++) {
            from = from.seen(0, 50);
        }
        double bound = StrictMath.log(1000);
        long needs = from.needs(ratio, bound).orElseThrow();
        var random = new Random(7);
        long taken = 0;
        for (int run = 0; run < RUNS; run++) {
            var judge = from;
            while (judge.logEvidence() < bound) {
                judge = judge.seen(random.nextDouble() < ratio ? 1 : 0, 1);
                taken++;
            }
        }

        assertThat((double) needs * RUNS / taken).isBetween(.75, 1.35);
    }

    @ParameterizedTest
    @CsvSource({"0, 0, .05, 68", "0, 25, .05, 43", "0, 68, .05, 0", "0, 0, .01, 346"})
    void soManyMoreRuleItOut(int failures, int total, double harmful, long wanted) {
        var judge = ClearingJudge.of(harmful).seen(failures, total);

        assertThat(judge.needs(0, StrictMath.log(20))).hasValue(wanted);
    }

    @ParameterizedTest
    @CsvSource({".01, .01", ".01, .005", ".01, 0"})
    void whatIsAllowedIsProvenByLuckOnly(double allowed, double ratio) {
        assertThat(BoundJudge.of(allowed).needs(ratio, 7)).isEmpty();
        assertThat(ClearingJudge.of(allowed).needs(allowed, 3)).isEmpty();
    }
}
