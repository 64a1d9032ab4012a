package dev.aviary.decisions;

import dev.aviary.events.GuardSpec;
import dev.aviary.events.GuardSpec.Mode;
import dev.aviary.events.GuardSpec.Suspect;
import dev.aviary.events.Policy;
import java.time.Duration;
import java.util.Optional;
import java.util.TreeMap;

/// A guard like another, or what a policy changes of one, but for what a test is about.
public final class GuardLike {
    private Optional<Mode> mode = Optional.empty();
    private Optional<Double> alpha = Optional.empty();
    private Optional<Integer> burnIn = Optional.empty();
    private Optional<Duration> every = Optional.empty();
    private Optional<Suspect> suspect = Optional.empty();
    private Optional<Double> clearAt = Optional.empty();
    private Optional<Double> clearBeta = Optional.empty();
    private Optional<Long> budget = Optional.empty();
    private final GuardSpec from;

    private GuardLike(GuardSpec from) {
        this.from = from;
    }

    public static GuardLike of(GuardSpec from) {
        return new GuardLike(from);
    }

    /// For a policy.
    public static GuardLike changed() {
        return new GuardLike(GuardSpec.DEFAULT);
    }

    public GuardLike mode(Mode next) {
        mode = Optional.of(next);
        return this;
    }

    public GuardLike alpha(double next) {
        alpha = Optional.of(next);
        return this;
    }

    public GuardLike burnIn(int next) {
        burnIn = Optional.of(next);
        return this;
    }

    public GuardLike every(Duration next) {
        every = Optional.of(next);
        return this;
    }

    public GuardLike suspect(Suspect next) {
        suspect = Optional.of(next);
        return this;
    }

    public GuardLike clearAt(double ratio) {
        clearAt = Optional.of(ratio);
        return this;
    }

    public GuardLike clearBeta(double chance) {
        clearBeta = Optional.of(chance);
        return this;
    }

    public GuardLike budget(long bad) {
        budget = Optional.of(bad);
        return this;
    }

    /// As a policy changes it.
    public GuardLike changed(Policy.Guard by) {
        return of(by.of(spec()));
    }

    public GuardSpec spec() {
        return change().of(from);
    }

    /// With nothing else in it.
    public Policy policy() {
        return new Policy(Optional.empty(), Optional.empty(), Optional.empty(), new TreeMap<>(), change());
    }

    private Policy.Guard change() {
        return new Policy.Guard(mode, alpha, burnIn, every, suspect, clearAt, budget, clearBeta);
    }
}
