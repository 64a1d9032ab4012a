package dev.aviary.decisions.guard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.junit.jupiter.api.Test;

class SpreadTest {
    @Test
    void itIsTheChanceThatTheOthersFailNoMoreOften() {
        assertThat(Spread.chance(3, 3, 0, 3)).isEqualTo(1 / 20.0, within(1e-12));
        assertThat(Spread.chance(3, 3, 0, 9)).isEqualTo(1 / 220.0, within(1e-12));
        assertThat(Spread.chance(2, 3, 1, 3)).isEqualTo(10 / 20.0, within(1e-12));
        assertThat(Spread.chance(8, 10, 1, 10)).isEqualTo(460 / 167_960.0, within(1e-12));
    }

    @Test
    void othersThatFailNoLessOrHadNothingToShowGiveOne() {
        assertThat(Spread.chance(5, 5, 7, 7)).isEqualTo(1);
        assertThat(Spread.chance(5, 5, 0, 0)).isEqualTo(1);
        assertThat(Spread.chance(0, 5, 0, 5)).isEqualTo(1);
        assertThat(Spread.chance(1, 100, 3, 100)).isEqualTo(1);
    }

    @Test
    void largeNumbersStayChances() {
        assertThat(Spread.chance(60_000, 100_000, 59_900, 100_000)).isBetween(0.1, 0.5);
        assertThat(Spread.chance(100_000, 100_000, 0, 100_000)).isEqualTo(0);
    }

    /// As Fisher says it: drawn at random, it is small as seldom as it says.
    @Test
    void itIsSmallAsSeldomAsItSays() {
        var random = new Random(7);
        int small = 0;
        for (int run = 0; run < 20_000; run++) {
            int failures = 0;
            int others = 0;
            for (int request = 0; request < 40; request++) {
                failures += random.nextDouble() < 0.2 ? 1 : 0;
                others += random.nextDouble() < 0.2 ? 1 : 0;
            }
            small += Spread.chance(failures, 40, others, 40) <= 0.05 ? 1 : 0;
        }
        assertThat(small).isBetween(200, 1000);
    }
}
