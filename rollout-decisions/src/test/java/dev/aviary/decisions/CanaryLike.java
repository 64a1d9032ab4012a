package dev.aviary.decisions;

import dev.aviary.events.CanarySpec;
import dev.aviary.events.GuardSpec;
import dev.aviary.events.MetricSpec;
import dev.aviary.events.Policy;
import dev.aviary.events.ShadowSpec;
import dev.aviary.events.WorkloadRef;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;

/// A Canary like another, but for what a test is about.
public final class CanaryLike {
    private final CanarySpec from;
    private WorkloadRef target;
    private String provider;
    private Duration interval;
    private int threshold;
    private List<MetricSpec> metrics;
    private boolean skipAnalysis;
    private boolean suspended;
    private boolean strict;
    private Optional<GuardSpec> guard;
    private Optional<ShadowSpec> shadow;

    private CanaryLike(CanarySpec from) {
        this.from = from;
        this.target = from.target();
        this.provider = from.provider();
        this.interval = from.interval();
        this.threshold = from.threshold();
        this.metrics = from.metrics();
        this.skipAnalysis = from.skipAnalysis();
        this.suspended = from.suspended();
        this.strict = from.strict();
        this.guard = from.guard();
        this.shadow = from.shadow();
    }

    public static CanaryLike of(CanarySpec from) {
        return new CanaryLike(from);
    }

    public CanaryLike target(String deployment, String by) {
        target = new WorkloadRef("Deployment", deployment);
        provider = by;
        return this;
    }

    public CanaryLike interval(Duration between) {
        interval = between;
        return this;
    }

    public CanaryLike threshold(int failed) {
        threshold = failed;
        return this;
    }

    public CanaryLike metrics(MetricSpec... all) {
        metrics = List.of(all);
        return this;
    }

    public CanaryLike live(boolean skipsAnalysis, boolean isSuspended) {
        skipAnalysis = skipsAnalysis;
        suspended = isSuspended;
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
                target,
                provider,
                from.service(),
                from.strategy(),
                interval,
                threshold,
                from.progressDeadline(),
                from.drain(),
                from.primaryReady(),
                from.canaryReady(),
                metrics,
                from.hooks(),
                skipAnalysis,
                suspended,
                from.revertOnDeletion(),
                strict,
                guard,
                shadow);
    }
}
