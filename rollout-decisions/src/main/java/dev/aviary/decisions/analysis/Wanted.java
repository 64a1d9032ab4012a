package dev.aviary.decisions.analysis;

import dev.aviary.events.CanarySpec;
import dev.aviary.events.GateDecided.Outcome;
import dev.aviary.events.HookKind;
import dev.aviary.events.HookSpec;
import dev.aviary.events.RolloutId;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/// What the collector should be at: for the analysis what `Desired` is for the rollout. A restart only wishes again.
public record Wanted(Optional<Look> look, List<Gate> gates, Optional<Guard> guard) {
    public static final Wanted NOTHING = new Wanted(Optional.empty(), List.of(), Optional.empty());

    /// Without a guard.
    public Wanted(Optional<Look> look, List<Gate> gates) {
        this(look, gates, Optional.empty());
    }

    /// The guard's looks, one after the other, from the first step to the rollout's end.
    ///
    /// @param look  that comes next, counted from 0 within the rollout
    /// @param every from one to the next; changes with the evidence
    /// @param question hash that the counts are to carry
    /// @param spec  frozen at the rollout's start
    public record Guard(RolloutId rollout, int step, int look, Duration every, String question, CanarySpec spec) {}

    /// The look that is due next: its hooks in order, then its metrics.
    ///
    /// @param look     counted from 0 within the step
    /// @param due      UTC; one that is over is taken at once
    /// @param until    UTC; from then on it counts as missed
    /// @param question hash that the measurement is to carry
    /// @param spec     frozen at the rollout's start
    public record Look(
            RolloutId rollout, int step, int look, Instant due, Instant until, String question, CanarySpec spec) {
        public List<HookSpec> hooks() {
            return spec.hooks(HookKind.ROLLOUT);
        }
    }

    /// A gate that is asked at once, then again and again until it opens or isn't wanted any more.
    ///
    /// @param step    as in the request
    /// @param attempt that comes next, counted from 0
    /// @param answer  the last one on the log: the same one isn't said again, except of `pre-rollout`
    /// @param every   from one try to the next
    /// @param spec    frozen at the rollout's start
    public record Gate(
            RolloutId rollout,
            HookKind kind,
            int step,
            int attempt,
            Optional<Outcome> answer,
            Duration every,
            CanarySpec spec) {
        public List<HookSpec> hooks() {
            return spec.hooks(kind);
        }
    }
}
