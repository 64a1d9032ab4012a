package dev.aviary.decisions.analysis;

import static org.assertj.core.api.Assertions.assertThat;

import dev.aviary.decisions.GuardLike;
import dev.aviary.events.AnalyzerEvent;
import dev.aviary.events.Count.Counted;
import dev.aviary.events.Count.PodCount;
import dev.aviary.events.Count.Side;
import dev.aviary.events.Count.Source;
import dev.aviary.events.GuardSpec;
import dev.aviary.events.GuardSpec.Mode;
import dev.aviary.events.GuardTripped;
import dev.aviary.events.PodSuspected;
import dev.aviary.events.RequestsCounted;
import dev.aviary.events.RolloutId;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/// How often the guard blames a pod, and how often the version, by simulation: one request in 100 may fail, α = .001,
/// looks of a second, seeded.
class SuspicionPromisesTest {
    private static final RolloutId ROLLOUT = new RolloutId(1, "v1:two");
    private static final Instant NOON = Instant.parse("2026-01-01T12:00:00Z");

    private record Outcomes(int runs, int pods, int versions) {}

    @Test
    void aVersionThatFailsEverywhereIsSeldomTakenForAPod() {
        for (double failing : new double[] {.05, .2, .5, 1}) {
            for (int pods : new int[] {2, 4}) {
                var found = simulated(300, pods, 40 / pods, 300, _ -> _ -> failing);
                assertThat(found.pods())
                        .as("%s at %s pods: %s", failing, pods, found)
                        .isLessThanOrEqualTo(failing == 1 ? 0 : 26); // 5 % and 3 σ; found 13 of 1,000
                assertThat(found.pods() + found.versions()).isEqualTo(found.runs());
            }
        }
    }

    @Test
    void oneBadPodOfSeveralIsTakenForAPod() {
        for (double failing : new double[] {.2, .5, 1}) {
            for (int pods : new int[] {2, 4}) {
                var found = simulated(300, pods, 40 / pods, 300, _ -> pod -> pod == 0 ? failing : .001);
                assertThat(found.pods())
                        .as("%s at one of %s pods: %s", failing, pods, found)
                        .isGreaterThan(280); // found 987 of 1,000 and more
                assertThat(found.pods() + found.versions()).isEqualTo(found.runs());
            }
        }
    }

    /// Each pod and second has a failure ratio of its own, which is the allowed one in the mean.
    @Test
    void aLittleClusteringAlarmsNoOftenerThanItMay() {
        var found = simulated(300, 4, 5, 300, random -> _ -> beta(random, .01, .02));

        assertThat(found.pods() + found.versions()).as("%s", found).isLessThanOrEqualTo(2); // .1 % and 3 σ
    }

    /// Each pod has a failure ratio of its own throughout, which is the allowed one in the mean: few are ill.
    @Test
    void podsThatDifferMuchAreBlamedAndNotTheVersion() {
        var found = simulated(1000, 4, 5, 300, random -> {
            var each = IntStream.range(0, 4)
                    .mapToDouble(_ -> beta(random, .01, .1))
                    .toArray();
            return pod -> each[pod];
        });

        assertThat(found.pods()).as("%s", found).isGreaterThan(100);
        assertThat(found.versions()).as("%s", found).isLessThan(found.pods() / 5);
    }

    private interface Failing {
        IntToDoubleFunction from(Random random);
    }

    private static Outcomes simulated(int runs, int pods, int requests, int seconds, Failing failing) {
        int blamed = 0;
        int versions = 0;
        for (int run = 0; run < runs; run++) {
            var random = new Random(run);
            var said = first(random, pods, requests, seconds, failing.from(random));
            if (said.isPresent()) {
                blamed += said.get() instanceof PodSuspected ? 1 : 0;
                versions += said.get() instanceof GuardTripped ? 1 : 0;
            }
        }
        return new Outcomes(runs, blamed, versions);
    }

    private static Optional<AnalyzerEvent> first(
            Random random, int pods, int requests, int seconds, IntToDoubleFunction failing) {
        var by = GuardSpec.DEFAULT;
        var judge = new GuardJudge(GuardLike.of(by).mode(Mode.BOUND).burnIn(0).spec(), by.alpha());
        var state = GuardState.NEW;
        for (int look = 0; look < seconds; look++) {
            var counts = new ArrayList<PodCount>();
            for (int pod = 0; pod < pods; pod++) {
                double ratio = failing.applyAsDouble(pod);
                int failed = 0;
                for (int request = 0; request < requests; request++) {
                    failed += random.nextDouble() < ratio ? 1 : 0;
                }
                counts.add(new PodCount("pod-" + pod, "node", Side.CANARY, failed, requests));
            }
            var counted = new RequestsCounted(
                    ROLLOUT,
                    0,
                    look,
                    "",
                    new TreeMap<>(Map.of("p99", new Counted(Source.PODS, .01, "failed", Optional.empty(), counts))));
            var now = NOON.plusSeconds(look);
            var seen = judge.seen(state, counted, now).recorded();
            var verdict = GuardVerdict.of(judge, seen, new GuardVerdict.Look(ROLLOUT, 0, look, now));
            if (verdict.isPresent()) {
                return verdict.map(GuardVerdict::said);
            }
            state = seen;
        }
        return Optional.empty();
    }

    /// With this mean, and this correlation of two requests of one pod and second.
    private static double beta(Random random, double mean, double icc) {
        double both = 1 / icc - 1;
        double a = gamma(random, mean * both);
        double b = gamma(random, (1 - mean) * both);
        return a + b == 0 ? 0 : a / (a + b);
    }

    /// @see <a href="https://dl.acm.org/doi/10.1145/358407.358414">Marsaglia and Tsang: A simple method for generating
    ///     gamma variables</a>
    private static double gamma(Random random, double shape) {
        if (shape < 1) {
            return gamma(random, shape + 1) * Math.pow(random.nextDouble(), 1 / shape);
        }
        double d = shape - 1 / 3.0;
        double c = 1 / Math.sqrt(9 * d);
        while (true) {
            double x = random.nextGaussian();
            double v = Math.pow(1 + c * x, 3);
            if (v > 0 && Math.log(random.nextDouble()) < x * x / 2 + d - d * v + d * Math.log(v)) {
                return d * v;
            }
        }
    }
}
