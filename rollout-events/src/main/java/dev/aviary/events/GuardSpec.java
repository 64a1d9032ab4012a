package dev.aviary.events;

import java.time.Duration;
import java.util.Optional;
import java.util.SortedMap;

/// What the guard may do, and how sure it has to be (annotations `aviary.dev/guard…` of the Canary).
///
/// @param mode    which evidence acts
/// @param alpha   chance that a good release is taken back, at most, over the whole rollout and all its metrics
/// @param burnIn  first requests of each pod that are counted, not judged
/// @param every   from one look to the next, at least 250 ms
/// @param suspect what happens when the failures sit in one pod of several
/// @param clearAt failure ratio that each step has to rule out: it goes on as soon as it has, and not before; empty:
/// steps
///     keep their time
/// @param budget  bad answers that a rollout may cost; empty: no such bound
/// @param inFlight gauges of the requests in flight, by the metric beside which each stands; empty: the well-known ones
/// @param clearBeta chance that a release as bad as `clearAt` passes a step for all that, at most; empty: [#USUAL_BETA]
public record GuardSpec(
        Mode mode,
        double alpha,
        int burnIn,
        Duration every,
        Suspect suspect,
        Optional<Double> clearAt,
        Optional<Long> budget,
        Optional<SortedMap<String, String>> inFlight,
        Optional<Double> clearBeta) {
    /// With the usual β.
    public GuardSpec(
            Mode mode,
            double alpha,
            int burnIn,
            Duration every,
            Suspect suspect,
            Optional<Double> clearAt,
            Optional<Long> budget,
            Optional<SortedMap<String, String>> inFlight) {
        this(mode, alpha, burnIn, every, suspect, clearAt, budget, inFlight, Optional.empty());
    }

    public enum Mode {
        /// No looks at all.
        OFF,
        /// Measured, shown and recorded, not acting.
        SHADOW,
        /// Against the metric's own bound.
        BOUND,
        /// Against the primary, and against the bound.
        PRIMARY
    }

    /// @return it may move traffic
    public boolean acts() {
        return mode == Mode.BOUND || mode == Mode.PRIMARY;
    }

    public enum Suspect {
        /// The rollout waits, and the pod is replaced.
        HOLD,
        ROLL_BACK
    }

    public static final Duration FASTEST = Duration.ofMillis(250);

    public static final double USUAL_BETA = 0.05;

    public static final GuardSpec DEFAULT = new GuardSpec(
            Mode.BOUND,
            0.001,
            5,
            Duration.ofSeconds(1),
            Suspect.HOLD,
            Optional.empty(),
            Optional.empty(),
            Optional.empty());
}
