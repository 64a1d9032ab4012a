package dev.aviary.analyzer.count;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Random;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.Test;

class GrowthTest {
    private static final OptionalDouble UNKNOWN = OptionalDouble.empty();

    private final Growth<String> old = new Growth<>(false);

    @Test
    void aResetIsCounted() {
        // 100, 130, reset, 20, 45: 30 + 20 + 25
        long sum = DoubleStream.of(100, 130, 20, 45)
                .mapToLong(value -> old.look(Map.of("all", value), UNKNOWN).get("all"))
                .sum();

        assertThat(sum).isEqualTo(75);
    }

    @Test
    void whatWasThereBeforeTheFirstLookIsABaseline() {
        assertThat(old.look(Map.of("all", 7.0), UNKNOWN)).containsEntry("all", 0L);
        assertThat(old.look(Map.of("all", 9.0, "late", 3.0), UNKNOWN)).isEqualTo(Map.of("all", 2L, "late", 0L));
        assertThat(old.look(Map.of("all", 9.0, "late", 4.0), UNKNOWN)).isEqualTo(Map.of("all", 0L, "late", 1L));
    }

    @Test
    void aNewPodCountsWhole() {
        var young = new Growth<String>(true);

        assertThat(young.look(Map.of("all", 7.0), UNKNOWN)).containsEntry("all", 7L);
        assertThat(young.look(Map.of("all", 7.0, "late", 3.0), UNKNOWN)).containsEntry("late", 3L);
    }

    @Test
    void aSeriesThatWasAwayGoesOnWhereItWas() {
        old.look(Map.of("all", 7.0), UNKNOWN);
        assertThat(old.look(Map.of(), UNKNOWN)).isEmpty();
        assertThat(old.look(Map.of("all", 9.0), UNKNOWN)).containsEntry("all", 2L);
    }

    @Test
    void aNewProcessThatOvertookTheOldOneIsKnownByItsStart() {
        old.look(Map.of("all", 5.0), OptionalDouble.of(1000));

        assertThat(old.look(Map.of("all", 6.0), OptionalDouble.of(1001))).containsEntry("all", 6L);
    }

    @Test
    void withoutAStartOneFallStandsForTheWholeProcess() {
        old.look(Map.of("count", 5.0, "fast", 5.0), UNKNOWN);

        assertThat(old.look(Map.of("count", 6.0, "fast", 4.0), UNKNOWN)).isEqualTo(Map.of("count", 6L, "fast", 4L));
    }

    @Test
    void aCounterThatIsMadeAnewInTheSameProcessLeavesTheOthersAlone() {
        old.look(Map.of("good", 1e6, "bad", 3.0), OptionalDouble.of(1000));

        assertThat(old.look(Map.of("good", 1e6 + 2, "bad", 1.0), OptionalDouble.of(1000)))
                .isEqualTo(Map.of("good", 2L, "bad", 1L));
    }

    @Test
    void whatNoCounterCanSayIsLeftOut() {
        old.look(Map.of("all", 7.0), UNKNOWN);

        assertThat(old.look(Map.of("all", Double.NaN), UNKNOWN)).isEmpty();
        assertThat(old.look(Map.of("all", Double.POSITIVE_INFINITY), UNKNOWN)).isEmpty();
        assertThat(old.look(Map.of("all", -1.0), UNKNOWN)).isEmpty();
        assertThat(old.look(Map.of("all", 8.0), UNKNOWN)).containsEntry("all", 1L);
    }

    /// Requests, restarts and series not yet born by chance; looks that fail, and looks that see the same twice.
    /// Only what a process that ended had counted since the last look of it can't be known.
    @Test
    void whatIsCountedIsTheGeneratorsTruth() {
        int restarts = 0;
        int missed = 0;
        for (int seed = 0; seed < 500; seed++) {
            var chance = new Random(seed);
            boolean newborn = chance.nextBoolean();
            var growth = new Growth<String>(newborn);
            var shown = new HashMap<String, Double>();
            var atLook = new HashMap<String, Double>();
            if (!newborn) {
                shown.put("good", (double) chance.nextInt(1000));
                shown.put("bad", (double) chance.nextInt(10));
                growth.look(shown, OptionalDouble.of(0));
                atLook.putAll(shown);
            }
            double started = 0;
            long truth = 0;
            long counted = 0;
            for (int turn = 1; turn <= 60; turn++) {
                if (chance.nextInt(15) == 0) {
                    started = turn;
                    shown.clear();
                    atLook.clear();
                    restarts++;
                }
                for (int i = chance.nextInt(8); i > 0; i--) {
                    shown.merge(chance.nextInt(10) == 0 ? "bad" : "good", 1.0, Double::sum);
                }
                if (chance.nextInt(5) == 0) {
                    missed++;
                    continue;
                }
                for (int again = chance.nextInt(2); again >= 0; again--) {
                    counted += sum(growth.look(shown, OptionalDouble.of(started)));
                }
                truth += shown.entrySet().stream()
                        .mapToLong(series -> (long) (series.getValue() - atLook.getOrDefault(series.getKey(), 0.0)))
                        .sum();
                atLook.putAll(shown);
            }
            assertThat(counted).as("seed %d", seed).isEqualTo(truth);
        }
        assertThat(restarts).isPositive();
        assertThat(missed).isPositive();
    }

    private static long sum(Map<String, Long> grown) {
        return grown.values().stream().mapToLong(Long::longValue).sum();
    }
}
