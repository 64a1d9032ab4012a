package dev.aviary.decisions.backtest;

import static dev.aviary.decisions.GuardLike.changed;
import static dev.aviary.decisions.backtest.Recording.spec;
import static dev.aviary.decisions.backtest.Recording.steps;
import static org.assertj.core.api.Assertions.assertThat;

import dev.aviary.decisions.GuardLike;
import dev.aviary.decisions.backtest.Backtested.Comparison;
import dev.aviary.decisions.backtest.Ending.Kind;
import dev.aviary.decisions.backtest.Recording.Second;
import dev.aviary.events.*;
import dev.aviary.events.CanarySpec;
import dev.aviary.events.GuardSpec.Mode;
import dev.aviary.events.GuardSpec.Suspect;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.SortedMap;
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
        var result = backtest(
                spec(THREE, 2, guard(Mode.SHADOW)),
                HIDING,
                changed().mode(Mode.BOUND).policy());

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

        var result = backtest(acting, HIDING, changed().alpha(1e-9).policy());

        assertThat(result.otherwise().kind()).isEqualTo(Kind.NOT_KNOWN);
        assertThat(result.otherwise().why()).isEqualTo("it would have gone on at 5 %, where the recorded one ended");

        var sooner = backtest(acting, HIDING, changed().alpha(0.1).policy());
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
        var often = changed().mode(Mode.BOUND).policy();
        var seldom = changed().mode(Mode.BOUND).every(Duration.ofSeconds(5)).policy();

        var sooner = backtest(acting, HIDING, often).otherwise();
        var later = backtest(acting, HIDING, seldom).otherwise();

        assertThat(later.kind()).isEqualTo(Kind.ROLLED_BACK);
        assertThat(Duration.between(sooner.at(), later.at())).isBetween(Duration.ofSeconds(1), Duration.ofSeconds(6));
    }

    /// It might have gone back in between, but the recorded one did so before.
    @Test
    void aLookThatWouldHaveComeAfterTheEndIsNotKnown() {
        var seldom = changed().every(Duration.ofSeconds(30)).policy();

        assertThat(backtest(spec(THREE, 2, guard(Mode.BOUND)), HIDING, seldom).otherwise())
                .returns(Kind.NOT_KNOWN, Ending::kind);
    }

    @Test
    void whatWasNotCountedIsNotKnown() {
        var bound = changed().mode(Mode.BOUND).policy();
        assertThat(backtest(spec(THREE, 2, guard(Mode.OFF)), GOOD, bound)
                        .otherwise()
                        .why())
                .isEqualTo("the guard was off, so nothing was counted");

        var acting = spec(THREE, 2, guard(Mode.BOUND));
        assertThat(backtest(
                                acting,
                                GOOD,
                                changed().every(Duration.ofMillis(500)).policy())
                        .otherwise()
                        .why())
                .isEqualTo("the guard looked every 1000 ms, not every 500 ms");
    }

    @Test
    void anotherBurnInJudgesOtherRequests() {
        var acting = spec(THREE, 2, guard(Mode.BOUND));

        var sooner = backtest(acting, HIDING, changed().burnIn(0).policy());
        assertThat(sooner.otherwise().kind()).isEqualTo(Kind.ROLLED_BACK);
        assertThat(sooner.otherwise().at()).isBefore(sooner.recorded().at());
        assertThat(backtest(acting, HIDING, changed().burnIn(60).policy()).otherwise())
                .returns("it would have gone on at 5 %, where the recorded one ended", Ending::why);
    }

    @Test
    void aBudgetTakesItBackWhenItIsUsedUp() {
        var shadow = spec(THREE, 2, guard(Mode.SHADOW));
        var forgiving = metrics(Optional.empty(), Optional.of(0.2)).metrics();

        var spent = backtest(shadow, HIDING, budget(40, forgiving));
        assertThat(spent.otherwise().kind()).isEqualTo(Kind.ROLLED_BACK);
        assertThat(spent.otherwise().why())
                .isEqualTo("request-success-rate: 40 requests of the canary failed, its pods' first ones included; a"
                        + " rollout may cost 40");
        assertThat(after(spent, spent.otherwise())).isBetween(Duration.ofSeconds(20), Duration.ofSeconds(25));
        assertThat(backtest(shadow, HIDING, budget(2000, forgiving)).otherwise())
                .returns(Kind.PROMOTED, Ending::kind);
    }

    @Test
    void aBudgetThatWouldHaveBegunWithASmallerWeightIsNotKnown() {
        var shadow = spec(THREE, 2, guard(Mode.SHADOW));
        assertThat(backtest(shadow, HIDING, budget(10, new TreeMap<>())).otherwise())
                .returns(Kind.NOT_KNOWN, Ending::kind)
                .returns("no step had 1.67 %", Ending::why); // 10 of the 600 requests in the 5 s of the way back

        var ten = spec(THREE, 2, GuardLike.of(guard(Mode.BOUND)).budget(10).spec());
        var recording = new Recording(ten, new Random(1), 0).starting(Duration.ofSeconds(5));
        recording.release(GOOD, 600);
        assertThat(recording.log)
                .anySatisfy(entry -> assertThat(entry.event())
                        .isInstanceOfSatisfying(
                                StepStarted.class,
                                step -> assertThat(step.canary()).isEqualTo(Percent.of("2.01"))));
        assertThat(recording.under(changed().budget(5).policy()).getFirst().otherwise())
                .returns("no step had 1 %", Ending::why);
        assertThat(recording.under(changed().budget(1000).policy()).getFirst().otherwise())
                .returns("no step had 5 %", Ending::why);
        assertThat(recording.under(changed().alpha(0.1).policy()).getFirst().otherwise())
                .returns(Kind.PROMOTED, Ending::kind);
    }

    @Test
    void aStepThatIsClearedEarlyGoesOnWithWhatItsCheckSawLater() {
        var result = backtest(
                spec(THREE, 2, guard(Mode.BOUND)), GOOD, changed().clearAt(0.05).policy());

        assertThat(result.recorded().kind()).isEqualTo(Kind.PROMOTED);
        assertThat(result.otherwise().kind()).isEqualTo(Kind.PROMOTED);
        // The first requests aren't judged: 73 of them in the first step, 68 in each other one, 20 a second.
        assertThat(Duration.between(result.otherwise().at(), result.recorded().at()))
                .isBetween(Duration.ofSeconds(16), Duration.ofSeconds(26));
        assertThat(result.notes())
                .containsExactly("as if a check that comes early had seen what the recorded one saw at its time");
    }

    @Test
    void aStepThatIsClearedLaterThanItWasWouldHaveStayed() {
        var acting =
                spec(THREE, 2, GuardLike.of(guard(Mode.BOUND)).clearAt(0.05).spec());

        assertThat(backtest(acting, GOOD, changed().clearAt(0.02).policy()).otherwise())
                .returns("it would have stayed at 5 %, where the recorded one went on to 10 %", Ending::why);
        assertThat(backtest(acting, GOOD, changed().mode(Mode.SHADOW).policy()).otherwise())
                .returns("it would have stayed at 5 %, where the recorded one went on to 10 %", Ending::why);
    }

    @Test
    void aPodThatIsToBlameIsJudgedAgain() {
        Recording.Canary ill = (_, second) -> new Second(100, second < 6 ? 0 : 5, 20, true);
        var acting = spec(THREE, 2, guard(Mode.BOUND));

        var same = backtest(acting, ill, threshold(7));
        assertThat(same.recorded().kind()).isEqualTo(Kind.PROMOTED);
        assertThat(same.comparison()).isEqualTo(Comparison.SAME);
        var back = backtest(acting, ill, changed().suspect(Suspect.ROLL_BACK).policy());
        assertThat(back.otherwise().kind()).isEqualTo(Kind.ROLLED_BACK);
        assertThat(back.otherwise().why()).contains("requests to pod c failed");
        assertThat(backtest(acting, ill, changed().alpha(1e-9).policy()).otherwise())
                .returns("pod c was replaced, which would have been left alone", Ending::why);
        assertThat(backtest(
                                spec(THREE, 2, guard(Mode.SHADOW)),
                                ill,
                                changed().mode(Mode.BOUND).policy())
                        .otherwise())
                .returns("pod c would have been replaced", Ending::why);
    }

    @Test
    void whatWasRecordedBeforePodsWereToldApartIsAsItWas() {
        var recording = new Recording(spec(THREE, 2, guard(Mode.BOUND)), new Random(1), 0);
        recording.release(HIDING, 600);

        assertThat(recording.togetherUnder(Policy.NONE).getFirst().comparison()).isEqualTo(Comparison.SAME);
        var sooner = recording.togetherUnder(changed().alpha(0.1).policy()).getFirst();
        assertThat(sooner.otherwise().kind()).isEqualTo(Kind.ROLLED_BACK);
        assertThat(sooner.otherwise().at())
                .isEqualTo(recording
                        .under(changed().alpha(0.1).policy())
                        .getFirst()
                        .otherwise()
                        .at());
        recording.release(GOOD, 600);
        for (var policy :
                List.of(changed().burnIn(0).policy(), changed().budget(1000).policy())) {
            assertThat(recording.togetherUnder(policy).getLast().otherwise())
                    .returns(Kind.NOT_KNOWN, Ending::kind)
                    .returns("the log has the counts without each pod's first 5 requests", Ending::why);
        }
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

    private static Policy budget(long bad, SortedMap<String, Policy.Metric> metrics) {
        return new Policy(
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                metrics,
                changed().mode(Mode.BOUND).budget(bad).policy().guard());
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
                anyGuard(random, changed()).policy().guard());
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
        var guard = anyGuard(random, GuardLike.of(guard(Mode.values()[random.nextInt(Mode.values().length)])));
        return spec(strategy, 1 + random.nextInt(4), guard.spec(), hooks.toArray(HookKind[]::new));
    }

    private static GuardLike anyGuard(Random random, GuardLike guard) {
        if (random.nextInt(3) == 0) {
            guard.mode(Mode.values()[random.nextInt(4)]).alpha(0.05);
        }
        if (random.nextInt(3) == 0) {
            guard.clearAt(random.nextBoolean() ? 0.05 : 0.3).clearBeta(0.1);
        }
        if (random.nextInt(4) == 0) {
            guard.budget(random.nextBoolean() ? 10 : 60);
        }
        if (random.nextInt(4) == 0) {
            guard.suspect(Suspect.ROLL_BACK).burnIn(random.nextInt(10));
        }
        return guard;
    }

    private static Second any(Random random, double quality) {
        long total = random.nextInt(8) == 0 ? -1 : random.nextInt(30);
        long failures = random.nextDouble() < quality / 10 ? Math.max(Math.min(3, total), 0) : 0;
        return new Second(random.nextDouble() < quality / 2 ? 98 : 99.5, failures, total, quality > 0.8);
    }

    private static GuardSpec guard(Mode mode) {
        return GuardLike.of(GuardSpec.DEFAULT).mode(mode).spec();
    }
}
