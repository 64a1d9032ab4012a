package dev.aviary.decisions.analysis;

import dev.aviary.events.CanarySpec;
import dev.aviary.events.GateDecided.Outcome;
import dev.aviary.events.HookKind;
import dev.aviary.events.MetricsMeasured;
import dev.aviary.events.Percent;
import dev.aviary.events.RolloutId;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/// Everything that is known about the analysis of one canary.
///
/// @param seq     the analyzer's decisions so far, over all rollouts; never restarts
/// @param rollouts number of the last one: what is said again of an earlier one is a repeat
/// @param shifted largest `seq` that a `TrafficShifted` answered
/// @param run     the rollout under way
public record AnalysisState(long seq, long rollouts, long shifted, Optional<Run> run) {
    static final Duration SOONEST = Duration.ofSeconds(1);

    public static final AnalysisState NEW = new AnalysisState(0, 0, 0, Optional.empty());

    /// A rollout, with what was frozen at its start.
    ///
    /// @param at    the step that is analysed, once there is one
    /// @param gates that are still asked, in the order of their requests
    /// @param guard over all steps
    /// @param shadow the same under the shadow policy, if there is one
    /// @param ahead what the primary serves before the first step, while that is measured
    public record Run(
            RolloutId rollout,
            CanarySpec spec,
            Optional<AtStep> at,
            List<OpenGate> gates,
            GuardState guard,
            Optional<Shadow> shadow,
            Optional<Ahead> ahead) {
        static Run of(RolloutId rollout, CanarySpec spec) {
            return new Run(
                    rollout,
                    spec,
                    Optional.empty(),
                    List.of(),
                    GuardState.NEW,
                    spec.shadowed().map(_ -> Shadow.NEW),
                    Optional.empty());
        }

        int step() {
            return at.map(AtStep::step).orElse(-1);
        }

        Run at(AtStep next) {
            return new Run(rollout, spec, Optional.of(next), gates, guard, shadow, Optional.empty());
        }

        Run ahead(Optional<Ahead> next) {
            return new Run(rollout, spec, at, gates, guard, shadow, next);
        }

        Run checked(int look, boolean conclusive, Instant now) {
            return at.map(step -> at(step.checked(look, conclusive, now, spec.interval())))
                    .orElse(this);
        }

        /// One that is requested again is answered again.
        Run with(OpenGate gate) {
            int attempt = gates.stream()
                    .filter(open -> open.isOf(gate.kind(), gate.step()))
                    .mapToInt(OpenGate::attempt)
                    .findFirst()
                    .orElse(0);
            var others = without(open -> open.isOf(gate.kind(), gate.step())).gates().stream();
            return gates(Stream.concat(
                            others,
                            Stream.of(new OpenGate(gate.kind(), gate.step(), gate.asked(), attempt, Optional.empty())))
                    .toList());
        }

        Run without(Predicate<OpenGate> which) {
            return gates(gates.stream().filter(which.negate()).toList());
        }

        Run gates(List<OpenGate> next) {
            return new Run(rollout, spec, at, next, guard, shadow, ahead);
        }

        Run guard(GuardState next) {
            return new Run(rollout, spec, at, gates, next, shadow, ahead);
        }

        Run shadow(UnaryOperator<Shadow> change) {
            return new Run(rollout, spec, at, gates, guard, shadow.map(change), ahead);
        }

        Run under(CanarySpec another) {
            return new Run(rollout, another, at, gates, guard, Optional.empty(), ahead);
        }
    }

    /// @param canary share that the step wants
    /// @param mirror share that the step wants
    /// @param begun  when the step's traffic was confirmed
    /// @param look   that is due next, counted from 0
    /// @param due    when it is
    /// @param looks  that are in no `EvidenceRecorded` yet
    /// @param clearing what it has shown, where it has to; empty before the first look
    public record AtStep(
            int step,
            Percent canary,
            Percent mirror,
            Optional<Instant> begun,
            int look,
            Optional<Instant> due,
            List<MetricsMeasured> looks,
            Optional<Clearing> clearing) {
        boolean wants(Percent share, Percent copied) {
            return canary.equals(share) && mirror.equals(copied);
        }

        AtStep begunAt(Instant now, Duration interval) {
            return begun.isPresent()
                    ? this
                    : new AtStep(
                            step,
                            canary,
                            mirror,
                            Optional.of(now),
                            look,
                            Optional.of(now.plus(interval)),
                            looks,
                            clearing);
        }

        AtStep seen(MetricsMeasured measured) {
            return new AtStep(
                    step,
                    canary,
                    mirror,
                    begun,
                    look,
                    due,
                    Stream.concat(looks.stream(), Stream.of(measured)).toList(),
                    clearing);
        }

        AtStep recorded() {
            return new AtStep(step, canary, mirror, begun, look, due, List.of(), clearing);
        }

        /// Checks stay on the grid of the step's beginning, half an interval apart at least. One that told nothing is
        /// made again soon: the data may be on its way.
        AtStep checked(int done, boolean conclusive, Instant now, Duration interval) {
            var next =
                    conclusive ? begun.map(from -> onGrid(from, now, interval)) : Optional.of(now.plus(soon(interval)));
            return new AtStep(step, canary, mirror, begun, done + 1, next, looks, clearing);
        }

        AtStep clearing(Clearing next) {
            return new AtStep(step, canary, mirror, begun, look, due, looks, Optional.of(next));
        }

        /// The check that is due next comes before its time.
        boolean isEarly(Duration interval) {
            return begun.flatMap(from -> due.map(at -> at.isBefore(from.plus(interval))))
                    .orElse(false);
        }

        /// The check that is due next is far enough away to come sooner.
        boolean waits(Instant now, Duration interval) {
            return due.filter(at -> at.isAfter(now.plus(soon(interval)))).isPresent();
        }

        /// The check needn't wait any longer. One that is made again soon anyway comes at its time.
        AtStep hurried(Instant now, Duration interval) {
            var earlier = waits(now, interval) ? Optional.of(now) : due;
            return new AtStep(step, canary, mirror, begun, look, earlier, looks, clearing);
        }

        private static Instant onGrid(Instant from, Instant now, Duration interval) {
            long since = Duration.between(from, now).toMillis();
            long intervals = (since + interval.toMillis() / 2) / interval.toMillis() + 1;
            return from.plus(interval.multipliedBy(intervals));
        }

        private static Duration soon(Duration interval) {
            var tenth = interval.dividedBy(10);
            return tenth.compareTo(SOONEST) > 0 ? tenth : SOONEST;
        }
    }

    /// @param step    as in the request
    /// @param asked   in which step it was asked for: a later step needs it no more
    /// @param attempt that comes next, counted from 0
    /// @param answer  the last one that was said
    public record OpenGate(HookKind kind, int step, int asked, int attempt, Optional<Outcome> answer) {
        boolean isOf(HookKind other, int before) {
            return kind == other && step == before;
        }

        OpenGate answered(int by, Outcome outcome) {
            return new OpenGate(kind, step, asked, Integer.max(attempt, by + 1), Optional.of(outcome));
        }
    }

    AnalysisState decided() {
        return new AnalysisState(seq + 1, rollouts, shifted, run);
    }

    AnalysisState shifted(long by) {
        return new AnalysisState(seq, rollouts, Long.max(shifted, by), run);
    }

    AnalysisState run(UnaryOperator<Run> change) {
        return new AnalysisState(seq, rollouts, shifted, run.map(change));
    }

    AnalysisState running(Run next) {
        return new AnalysisState(seq, next.rollout().number(), shifted, Optional.of(next));
    }

    AnalysisState over() {
        return new AnalysisState(seq, rollouts, shifted, Optional.empty());
    }

    AnalysisState at(UnaryOperator<AtStep> change) {
        return run(
                running -> running.at().map(at -> running.at(change.apply(at))).orElse(running));
    }

    boolean isOf(RolloutId rollout) {
        return run.filter(running -> running.rollout().equals(rollout)).isPresent();
    }

    boolean isAt(RolloutId rollout, int step) {
        return isOf(rollout)
                && run.flatMap(Run::at).filter(at -> at.step() == step).isPresent();
    }
}
