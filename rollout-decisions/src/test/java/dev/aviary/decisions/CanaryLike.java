package dev.aviary.decisions;

import dev.aviary.events.CanarySpec;
import dev.aviary.events.GuardSpec;
import dev.aviary.events.MetricSpec;
import dev.aviary.events.Policy;
import dev.aviary.events.ShadowSpec;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;

/// A Canary like another, but for what a test is about.
public final class CanaryLike {
    private final CanarySpec from;
    private int threshold;
    private List<MetricSpec> metrics;
    private boolean strict;
    private Optional<GuardSpec> guard;
    private Optional<ShadowSpec> shadow;

    private CanaryLike(CanarySpec from) {
        this.from = from;
        this.threshold = from.threshold();
        this.metrics = from.metrics();
        this.strict = from.strict();
        this.guard = from.guard();
        this.shadow = from.shadow();
    }

    public static CanaryLike of(CanarySpec from) {
        return new CanaryLike(from);
    }

    public CanaryLike threshold(int failed) {
        threshold = failed;
        return this;
    }

    public CanaryLike metrics(MetricSpec... all) {
        metrics = List.of(all);
        return this;
    }

    public CanaryLike strict(boolean flaggers) {
        strict = flaggers;
        return this;
    }

    public CanaryLike guard(UnaryOperator<GuardLike> change) {
        guard = Optional.of(change.apply(GuardLike.of(from.guarded())).spec());
        return this;
    }

    public CanaryLike shadow(Policy policy) {
        return shadow(ShadowSpec.of(policy));
    }

    public CanaryLike shadow(ShadowSpec beside) {
        shadow = Optional.of(beside);
        return this;
    }

    public CanarySpec spec() {
        return new CanarySpec(
                from.target(),
                from.provider(),
                from.service(),
                from.strategy(),
                from.interval(),
                threshold,
                from.progressDeadline(),
                from.drain(),
                from.primaryReady(),
                from.canaryReady(),
                metrics,
                from.hooks(),
                from.skipAnalysis(),
                from.suspended(),
                from.revertOnDeletion(),
                strict,
                guard,
                shadow);
    }
}
