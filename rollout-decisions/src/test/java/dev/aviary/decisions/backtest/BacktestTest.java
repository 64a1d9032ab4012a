package dev.aviary.decisions.backtest;

import static dev.aviary.decisions.backtest.Recording.spec;
import static dev.aviary.decisions.backtest.Recording.steps;
import static org.assertj.core.api.Assertions.assertThat;

import dev.aviary.decisions.backtest.Backtested.Comparison;
import dev.aviary.decisions.backtest.Ending.Kind;
import dev.aviary.decisions.backtest.Recording.Second;
import dev.aviary.events.*;
import dev.aviary.events.GuardSpec.Mode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class BacktestTest {
    private static final Strategy THREE = steps("5", "10", "50");
    private static final Recording.Canary GOOD = (_, _) -> new Second(100, 0, 20);
    private static final Recording.Canary FAILING = (_, _) -> new Second(90, 0, 20);
    /// The checks see nothing, one request in ten fails.
    private static final Recording.Canary HIDING = (_, _) -> new Second(99.5, 2, 20);

    @Test
    void underItsOwnPolicyEveryRolloutEndsAsItDid() {
        var ends = new EnumMap<Kind, Integer>(Kind.class);
        for (long seed = 0; seed < 400; seed++) {
            var random = new Random(seed);
            var recording = new Recording(anySpec(random), random, random.nextInt(3) * 0.01);
            for (int release = 0; release < 3; release++) {
                double quality = random.nextDouble();
                recording.release((_, _) -> any(random, quality), 120 + random.nextInt(400));
            }

            for (var result : recording.under(Policy.NONE)) {
                assertThat(result.otherwise())
                        .as("seed %d, rollout %s: %s", seed, result.rollout(), result)
                        .usingRecursiveComparison()
                        .ignoringFields("why")
                        .isEqualTo(result.recorded());
                assertThat(result.notes()).isEmpty();
                ends.merge(result.recorded().kind(), 1, Integer::sum);
            }
        }
        for (var kind : List.of(Kind.PROMOTED, Kind.ROLLED_BACK, Kind.REPLACED)) {
            assertThat(ends.getOrDefault(kind, 0)).as("%s in %s", kind, ends).isGreaterThan(5);
        }
    }

    @Test
    void aGuardThatWasInShadowStopsItSooner() {
        var result = backtest(spec(THREE, 2, guard(Mode.SHADOW)), HIDING, guard(Map.of("mode", Mode.BOUND)));

        assertThat(result.recorded().kind()).isEqualTo(Kind.PROMOTED);
        assertThat(result.otherwise().kind()).isEqualTo(Kind.ROLLED_BACK);
        assertThat(result.otherwise().step()).isZero();
        assertThat(after(result, result.otherwise())).isLessThan(Duration.ofSeconds(15));
        assertThat(result.otherwise().why()).contains("requests failed, where 1 in 100 may");
        assertThat(result.comparison()).isEqualTo(Comparison.OTHERWISE);
    }

    @Test
    void aLessSensitiveGuardStopsItLater() {
        var acting = spec(THREE, 2, guard(Mode.BOUND));

        var result = backtest(acting, HIDING, guard(Map.of("alpha", 1e-9)));

        assertThat(result.otherwise().kind()).isEqualTo(Kind.NOT_KNOWN);
        assertThat(result.otherwise().why()).isEqualTo("it would have gone on at 5 %, where the recorded one ended");

        var sooner = backtest(acting, HIDING, guard(Map.of("alpha", 0.1)));
        assertThat(sooner.otherwise().at()).isBefore(sooner.recorded().at());
        assertThat(sooner.comparison()).isEqualTo(Comparison.OTHERWISE);
    }

    @Test
    void whatTheGuardAllowsDecidesToo() {
        var metrics = metrics(Optional.empty(), Optional.of(0.2));

        assertThat(backtest(spec(THREE, 2, guard(Mode.SHADOW)), HIDING, metrics).otherwise())
                .returns(Kind.PROMOTED, Ending::kind);
    }

    @Test
    void fewerFailedChecksTakeItBackSooner() {
        var result = backtest(spec(THREE, 4, guard(Mode.BOUND)), FAILING, threshold(1));

        assertThat(result.recorded().kind()).isEqualTo(Kind.ROLLED_BACK);
        assertThat(result.otherwise().kind()).isEqualTo(Kind.ROLLED_BACK);
        assertThat(Duration.between(result.otherwise().at(), result.recorded().at()))
                .isBetween(Duration.ofSeconds(28), Duration.ofSeconds(32));
    }

    @Test
    void howItWouldHaveGoneOnIsNotKnown() {
        var result = backtest(spec(THREE, 1, guard(Mode.BOUND)), FAILING, threshold(3));

        assertThat(result.otherwise().kind()).isEqualTo(Kind.NOT_KNOWN);
        assertThat(result.otherwise().why()).contains("would have gone on at 5 %");
    }

    @Test
    void aStricterBoundWouldHaveHeldItWhereItWentOn() {
        var result = backtest(spec(THREE, 2, guard(Mode.OFF)), HIDING, metrics(Optional.of(99.9), Optional.empty()));

        assertThat(result.recorded().kind()).isEqualTo(Kind.PROMOTED);
        assertThat(result.otherwise().why())
                .isEqualTo("it would have stayed at 5 %, where the recorded one went on to 10 %");

        var once = backtest(spec(THREE, 1, guard(Mode.OFF)), HIDING, metrics(Optional.of(99.9), Optional.empty()));
        assertThat(once.otherwise()).returns(Kind.ROLLED_BACK, Ending::kind).returns(0, Ending::step);
    }

    @Test
    void aLooserBoundGoesUpSoonerWithWhatTheNextWeightShowed() {
        Recording.Canary late = (_, second) -> new Second(second < 25 ? 98 : 100, 0, 20);

        var result = backtest(spec(THREE, 5, guard(Mode.BOUND)), late, metrics(Optional.of(95.0), Optional.empty()));

        assertThat(result.recorded().kind()).isEqualTo(Kind.PROMOTED);
        assertThat(result.otherwise().kind()).isEqualTo(Kind.PROMOTED);
        assertThat(Duration.between(result.otherwise().at(), result.recorded().at()))
                .isBetween(Duration.ofSeconds(10), Duration.ofSeconds(30));
        assertThat(result.notes()).containsExactly("as if a weight showed the same without the time before it");
    }

    @Test
    void aLooserBoundWouldHaveNeededAWeightThatNeverRan() {
        var result = backtest(spec(THREE, 2, guard(Mode.BOUND)), FAILING, metrics(Optional.of(80.0), Optional.empty()));

        assertThat(result.otherwise().kind()).isEqualTo(Kind.NOT_KNOWN);
        assertThat(result.otherwise().why())
                .isEqualTo("it would have waited for what 10 % shows; the recorded one ended at 5 %");
    }

    @Test
    void fewerStepsAreJudgedByTheirWeights() {
        var acting = spec(THREE, 2, guard(Mode.BOUND));

        var one = backtest(acting, GOOD, weights("5"));
        assertThat(one.otherwise()).returns(Kind.PROMOTED, Ending::kind).returns(0, Ending::step);
        assertThat(one.notes()).isEmpty();

        var two = backtest(acting, GOOD, weights("5", "50"));
        assertThat(two.otherwise()).returns(Kind.PROMOTED, Ending::kind).returns(1, Ending::step);
        assertThat(Duration.between(two.otherwise().at(), two.recorded().at()))
                .isBetween(Duration.ofSeconds(9), Duration.ofSeconds(13));
        assertThat(two.notes()).hasSize(1);

        assertThat(backtest(acting, GOOD, weights("20")).otherwise())
                .returns(Kind.NOT_KNOWN, Ending::kind)
                .returns("no step had 20 %", Ending::why);
    }

    @Test
    void aGuardThatLooksLessOftenSeesTheSums() {
        var acting = spec(THREE, 2, guard(Mode.SHADOW));
        var often = guard(Map.of("mode", Mode.BOUND));
        var seldom = guard(Map.of("mode", Mode.BOUND, "every", Duration.ofSeconds(5)));

        var sooner = backtest(acting, HIDING, often).otherwise();
        var later = backtest(acting, HIDING, seldom).otherwise();

        assertThat(later.kind()).isEqualTo(Kind.ROLLED_BACK);
        assertThat(Duration.between(sooner.at(), later.at())).isBetween(Duration.ofSeconds(1), Duration.ofSeconds(6));
    }

    /// It might have gone back in between, but the recorded one did so before.
    @Test
    void aLookThatWouldHaveComeAfterTheEndIsNotKnown() {
        var seldom = guard(Map.of("every", Duration.ofSeconds(30)));

        assertThat(backtest(spec(THREE, 2, guard(Mode.BOUND)), HIDING, seldom).otherwise())
                .returns(Kind.NOT_KNOWN, Ending::kind);
    }

    @Test
    void whatWasNotCountedIsNotKnown() {
        var bound = guard(Map.of("mode", Mode.BOUND));
        assertThat(backtest(spec(THREE, 2, guard(Mode.OFF)), GOOD, bound)
                        .otherwise()
                        .why())
                .isEqualTo("the guard was off, so nothing was counted");

        var acting = spec(THREE, 2, guard(Mode.BOUND));
        assertThat(backtest(acting, GOOD, guard(Map.of("burnIn", 0)))
                        .otherwise()
                        .why())
                .isEqualTo("the log has the counts without each pod's first 5 requests, not without 0");
        assertThat(backtest(acting, GOOD, guard(Map.of("every", Duration.ofMillis(500))))
                        .otherwise()
                        .why())
                .isEqualTo("the guard looked every 1000 ms, not every 500 ms");
    }

    @Test
    void aRolloutThatIsUnderWayIsSaidToBe() {
        var recording = new Recording(spec(THREE, 2, guard(Mode.BOUND)), new Random(1), 0);
        recording.release(GOOD, 15);

        assertThat(recording.under(Policy.NONE))
                .singleElement()
                .satisfies(result -> assertThat(result.otherwise().kind()).isEqualTo(Kind.UNDER_WAY));
    }

    private static Backtested backtest(CanarySpec acting, Recording.Canary canary, Policy policy) {
        var recording = new Recording(acting, new Random(1), 0);
        recording.release(canary, 600);
        return recording.under(policy).getFirst();
    }

    private static Duration after(Backtested result, Ending ending) {
        return Duration.between(result.started(), ending.at());
    }

    private static Policy threshold(int failed) {
        return new Policy(Optional.of(failed), Optional.empty(), Optional.empty(), new TreeMap<>(), Policy.Guard.NONE);
    }

    private static Policy weights(String... weights) {
        return new Policy(
                Optional.empty(),
                Optional.of(List.of(weights).stream().map(Percent::of).toList()),
                Optional.empty(),
                new TreeMap<>(),
                Policy.Guard.NONE);
    }

    private static Policy metrics(Optional<Double> min, Optional<Double> allowed) {
        return new Policy(
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                new TreeMap<>(Map.of(Recording.SUCCESS.name(), new Policy.Metric(min, Optional.empty(), allowed))),
                Policy.Guard.NONE);
    }

    private static Policy guard(Map<String, Object> changed) {
        return new Policy(
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                new TreeMap<>(),
                new Policy.Guard(
                        Optional.ofNullable((Mode) changed.get("mode")),
                        Optional.ofNullable((Double) changed.get("alpha")),
                        Optional.ofNullable((Integer) changed.get("burnIn")),
                        Optional.ofNullable((Duration) changed.get("every")),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty()));
    }

    @Test
    void whateverThePolicyNothingIsClaimedBeyondTheRecordedEnd() {
        var seen = new EnumMap<Comparison, Integer>(Comparison.class);
        for (long seed = 0; seed < 200; seed++) {
            var random = new Random(seed);
            var recording = new Recording(anySpec(random), random, random.nextInt(3) * 0.01);
            for (int release = 0; release < 2; release++) {
                double quality = random.nextDouble();
                recording.release((_, _) -> any(random, quality), 120 + random.nextInt(400));
            }

            var policy = anyPolicy(random);
            for (var result : recording.under(policy)) {
                assertThat(result.otherwise().at())
                        .as("seed %d, %s: %s", seed, policy, result)
                        .isBetween(result.started(), result.recorded().at());
                seen.merge(result.comparison(), 1, Integer::sum);
            }
        }
        for (var comparison : Comparison.values()) {
            assertThat(seen.getOrDefault(comparison, 0))
                    .as("%s in %s", comparison, seen)
                    .isGreaterThan(20);
        }
    }

    private static Policy anyPolicy(Random random) {
        var weights = List.of(List.of("5"), List.of("5", "50"), List.of("10", "50"), List.of("5", "20", "50"));
        var policy = weights(weights.get(random.nextInt(weights.size())).toArray(String[]::new));
        return new Policy(
                random.nextBoolean() ? Optional.of(1 + random.nextInt(4)) : Optional.empty(),
                random.nextInt(3) == 0 ? policy.steps() : Optional.empty(),
                random.nextInt(3) == 0 ? Optional.of(1 + random.nextInt(4)) : Optional.empty(),
                random.nextBoolean()
                        ? metrics(Optional.of(random.nextBoolean() ? 97.0 : 99.7), Optional.empty())
                                .metrics()
                        : new TreeMap<>(),
                guard(random.nextBoolean() ? Map.of("mode", Mode.values()[random.nextInt(4)], "alpha", 0.05) : Map.of())
                        .guard());
    }

    private static CanarySpec anySpec(Random random) {
        var hooks = new ArrayList<HookKind>();
        for (var kind : List.of(
                HookKind.CONFIRM_ROLLOUT,
                HookKind.PRE_ROLLOUT,
                HookKind.CONFIRM_TRAFFIC_INCREASE,
                HookKind.CONFIRM_PROMOTION,
                HookKind.ROLLBACK)) {
            if (random.nextInt(5) == 0) {
                hooks.add(kind);
            }
        }
        var strategy = random.nextInt(3) == 0 ? new Strategy.BlueGreen(3) : THREE;
        var mode = Mode.values()[random.nextInt(Mode.values().length)];
        return spec(strategy, 1 + random.nextInt(4), guard(mode), hooks.toArray(HookKind[]::new));
    }

    private static Second any(Random random, double quality) {
        long total = random.nextInt(8) == 0 ? -1 : random.nextInt(30);
        long failures = random.nextDouble() < quality / 10 ? Math.max(Math.min(3, total), 0) : 0;
        return new Second(random.nextDouble() < quality / 2 ? 98 : 99.5, failures, total);
    }

    private static GuardSpec guard(Mode mode) {
        return new GuardSpec(
                mode,
                0.001,
                5,
                Duration.ofSeconds(1),
                GuardSpec.DEFAULT.suspect(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty());
    }
}
