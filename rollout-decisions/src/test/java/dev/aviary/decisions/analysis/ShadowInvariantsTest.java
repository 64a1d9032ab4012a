package dev.aviary.decisions.analysis;

import static org.assertj.core.api.Assertions.assertThat;

import dev.aviary.decisions.CanaryLike;
import dev.aviary.decisions.analysis.ShadowWorld.Move;
import dev.aviary.events.CanarySpec;
import dev.aviary.events.GuardSpec;
import dev.aviary.events.MetricSpec;
import dev.aviary.events.Policy;
import dev.aviary.events.RolloutEvent;
import dev.aviary.events.RolloutStarted;
import dev.aviary.events.ShadowDiffered;
import dev.aviary.events.ShadowDiffered.Course;
import dev.aviary.events.ShadowSpec;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tuple;
import net.jqwik.api.statistics.Statistics;

/// Both deciders in one loop, over lives of releases good and bad.
class ShadowInvariantsTest {
    @Property(tries = 500)
    void theActingDecisionsAreTheSameWithAnyShadowPolicyAndWithout(
            @ForAll("specs") CanarySpec spec, @ForAll("policies") Policy policy, @ForAll("moves") List<Move> moves) {
        var without = ShadowWorld.run(spec, moves);
        var with = ShadowWorld.run(spec.with(Optional.of(ShadowSpec.of(policy))), moves);

        assertThat(acting(with)).isEqualTo(acting(without));
        Statistics.label("differences").collect(Math.min(3, differences(with).size()));
        differences(with).forEach(said -> Statistics.label("kinds").collect(said.acting() + " / " + said.shadow()));
    }

    @Property(tries = 500)
    void aShadowPolicyThatIsTheActingOneNeverDiffers(
            @ForAll("specs") CanarySpec spec, @ForAll boolean written, @ForAll("moves") List<Move> moves) {
        var same = written ? written(spec) : Policy.NONE;

        var said = ShadowWorld.run(spec.with(Optional.of(ShadowSpec.of(same))), moves);

        assertThat(differences(said)).isEmpty();
        Statistics.label("decisions").collect(Math.min(30, said.size()) / 10 * 10);
    }

    @Property(tries = 500)
    void eachDifferenceIsSaidOnceAndNoneBehindTheLast(
            @ForAll("specs") CanarySpec spec, @ForAll("policies") Policy policy, @ForAll("moves") List<Move> moves) {
        var said = differences(ShadowWorld.run(spec.with(Optional.of(ShadowSpec.of(policy))), moves));

        assertThat(said)
                .extracting(ShadowDiffered::step, ShadowDiffered::look, ShadowDiffered::acting, ShadowDiffered::shadow)
                .doesNotHaveDuplicates();
        said.forEach(one -> Statistics.label("shadow").collect(one.shadow()));
        assertThat(said.stream().limit(Math.max(said.size() - 1, 0))).noneMatch(ShadowDiffered::isLast);
        // Both may suspect a pod, and not the same.
        said.forEach(one -> assertThat(one.acting() != one.shadow() || one.acting() == Course.SUSPECTED)
                .isTrue());
        Statistics.label("last").collect(said.stream().anyMatch(ShadowDiffered::isLast));
    }

    private static List<RolloutEvent> acting(List<RolloutEvent> said) {
        return said.stream()
                .filter(event -> !(event instanceof ShadowDiffered || event instanceof RolloutStarted))
                .toList();
    }

    private static List<ShadowDiffered> differences(List<RolloutEvent> said) {
        return said.stream()
                .filter(ShadowDiffered.class::isInstance)
                .map(ShadowDiffered.class::cast)
                .toList();
    }

    /// Every field of it, as the Canary has it.
    private static Policy written(CanarySpec spec) {
        var metrics = spec.metrics().stream()
                .collect(Collectors.toMap(
                        MetricSpec::name,
                        metric -> new Policy.Metric(
                                metric.bounds().min(), metric.bounds().max(), Optional.empty())));
        var guard = spec.guarded();
        return new Policy(
                Optional.of(spec.threshold()),
                Optional.empty(),
                Optional.empty(),
                new TreeMap<>(metrics),
                new Policy.Guard(
                        Optional.of(guard.mode()),
                        Optional.of(guard.alpha()),
                        Optional.of(guard.burnIn()),
                        Optional.of(guard.every()),
                        Optional.of(guard.suspect()),
                        guard.clearAt(),
                        guard.budget(),
                        guard.clearBeta()));
    }

    @Provide
    Arbitrary<CanarySpec> specs() {
        return Combinators.combine(Arbitraries.integers().between(1, 3), guards())
                .as((threshold, guard) -> CanaryLike.of(Analysis.spec())
                        .threshold(threshold)
                        .guard(acting -> acting.changed(guard))
                        .spec());
    }

    @Provide
    Arbitrary<Policy> policies() {
        var metric = Combinators.combine(
                        Arbitraries.of(90.0, 98.0, 99.0, 99.5).optional(),
                        Arbitraries.of(.001, .01, .1).optional())
                .as((min, allowed) -> new Policy.Metric(min, Optional.empty(), allowed));
        return Combinators.combine(Arbitraries.integers().between(1, 4).optional(), metric, guards())
                .as((threshold, each, guard) -> new Policy(
                        threshold,
                        Optional.empty(),
                        Optional.empty(),
                        new TreeMap<>(Map.of(Analysis.SUCCESS.name(), each)),
                        guard));
    }

    private static Arbitrary<Policy.Guard> guards() {
        return Combinators.combine(
                        Arbitraries.of(GuardSpec.Mode.values()).optional(),
                        Arbitraries.of(.0001, .001, .05).optional(),
                        Arbitraries.of(0, 5, 20).optional(),
                        Arbitraries.of(GuardSpec.Suspect.values()).optional(),
                        Arbitraries.of(.05, .2).optional(.3),
                        Arbitraries.of(3L, 10L).optional(.3),
                        Arbitraries.of(.01, .2).optional())
                .as((mode, alpha, burnIn, suspect, clearAt, budget, beta) ->
                        new Policy.Guard(mode, alpha, burnIn, Optional.empty(), suspect, clearAt, budget, beta));
    }

    @Provide
    Arbitrary<List<Move>> moves() {
        Arbitrary<Move> check = Arbitraries.of(99.9, 99.9, 99.3, 98.5, 95.0).map(Move.Check::new);
        Arbitrary<Move> nothing = Arbitraries.of(new Move.NoData(), new Move.HookRefused(), new Move.Missed());
        Arbitrary<Move> look = Combinators.combine(Arbitraries.of(0L, 0L, 0L, 1L, 2L), Arbitraries.of(0L, 2L, 5L, 20L))
                .as((failures, total) -> new Move.Look(Math.min(failures, total), total));
        Arbitrary<Move> ill = Combinators.combine(Arbitraries.of(2L, 5L, 9L), Arbitraries.of(9L, 20L))
                .as(Move.Ill::new);
        Arbitrary<Move> rare =
                Arbitraries.of(new Move.Again(), new Move.Paused(), new Move.Resumed(), new Move.Aborted());
        return Arbitraries.frequencyOf(
                        Tuple.of(6, check),
                        Tuple.of(2, nothing),
                        Tuple.of(8, look),
                        Tuple.of(3, ill),
                        Tuple.of(1, rare))
                .list()
                .ofMaxSize(40);
    }
}
