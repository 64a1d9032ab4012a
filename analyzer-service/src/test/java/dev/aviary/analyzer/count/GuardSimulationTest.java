package dev.aviary.analyzer.count;

import static org.assertj.core.api.Assertions.assertThat;

import dev.aviary.analyzer.count.SimulatedRollout.Script;
import dev.aviary.events.GuardSpec.Mode;
import java.util.Arrays;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/// The guard's promises, through the real counting and judging. By default a few seeded rollouts; in full with
/// `-Dsimulation.rollouts=2000 -Dsimulation.runs=50`, which prints what docs/benchmarks keeps.
class GuardSimulationTest {
    private static final int ROLLOUTS = Integer.getInteger("simulation.rollouts", 25);
    private static final int RUNS = Integer.getInteger("simulation.runs", 15);
    private static final long SEED = Long.getLong("simulation.seed", 20_261_124);
    private static final int SECONDS = 900;

    @Test
    void goodReleasesInRoughWeatherStay() {
        assertThat(rejected(Mode.BOUND, 0.05)).isLessThanOrEqualTo(most(0.05));
        assertThat(rejected(Mode.BOUND, 0.01)).isLessThanOrEqualTo(most(0.01));
    }

    @Test
    void goodReleasesInRoughWeatherStayBesideThePrimary() {
        assertThat(rejected(Mode.PRIMARY, 0.05)).isLessThanOrEqualTo(most(0.05));
    }

    @Test
    void fivePercentErrorsOverOnePerMilleAreFoundInFiftySecondsByTheBound() {
        var found = found(Mode.BOUND);

        assertThat(found).hasSize(RUNS);
        assertThat(found[RUNS / 2]).isLessThanOrEqualTo(50);
    }

    @Test
    void fivePercentErrorsOverOnePerMilleAreFoundInTwentyFiveSecondsBesideThePrimary() {
        var found = found(Mode.PRIMARY);

        assertThat(found).hasSize(RUNS);
        assertThat(found[RUNS / 2]).isLessThanOrEqualTo(25);
    }

    /// α of them, and three standard deviations.
    private static long most(double alpha) {
        return (long) (alpha * ROLLOUTS + 3 * Math.sqrt(alpha * (1 - alpha) * ROLLOUTS));
    }

    private static long rejected(Mode mode, double alpha) {
        long began = System.nanoTime();
        long rejected = IntStream.range(0, ROLLOUTS)
                .parallel()
                .filter(rollout -> goodOne(mode, alpha, SEED + rollout).isPresent())
                .count();
        System.out.printf(
                "%d good releases of %d s, %s, alpha %s: %d taken back, at most %d (%d s)%n",
                ROLLOUTS, SECONDS, mode, alpha, rejected, most(alpha), (System.nanoTime() - began) / 1_000_000_000);
        return rejected;
    }

    /// Its ratio of failures swings up to its bound, the primary's with it; it gets 5, 10 and 50 % of the traffic.
    private static OptionalInt goodOne(Mode mode, double alpha, long seed) {
        double phase = (seed % 97) / 97.0 * 2 * Math.PI;
        SimulatedRollout.Course drifting = second -> 0.005 * (1 + 0.9 * Math.sin(second / 60.0 + phase));
        double perSecond = new double[] {5, 20, 100, 200}[(int) (seed % 4)];
        var script = new Script(
                mode, alpha, perSecond, second -> second < 300 ? 5 : second < 600 ? 10 : 50, drifting, drifting, true);
        return new SimulatedRollout(script, seed).run(SECONDS, SimulatedRollout.atOnce());
    }

    private static int[] found(Mode mode) {
        var script = new Script(mode, 0.001, 100, _ -> 5, _ -> 0.05, _ -> 0.001, false);
        var found = IntStream.range(0, RUNS)
                .mapToObj(run -> new SimulatedRollout(script, SEED + run).run(300, SimulatedRollout.atOnce()))
                .flatMapToInt(OptionalInt::stream)
                .sorted()
                .toArray();
        System.out.printf(
                "5 %% errors over 0.1 %%, 100/s, 5 %% weight, %s, alpha 0.001: %d of %d found, median %d s, all %s%n",
                mode, found.length, RUNS, found[found.length / 2], Arrays.toString(found));
        return found;
    }
}
