package dev.aviary.decisions.rollout;

import dev.aviary.decisions.rollout.Desired.Stage;
import dev.aviary.events.CanarySpec;
import dev.aviary.events.HookKind;
import dev.aviary.events.Percent;
import dev.aviary.events.Plan;
import dev.aviary.events.Replicas;
import dev.aviary.events.RevisionDetected;
import dev.aviary.events.RolloutId;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/// Everything that is known about one canary.
///
/// @param seq       decisions so far, over all rollouts; never restarts
/// @param wantedBy  the decision that last wanted something of the cluster
/// @param rollouts  so far; never restarts
/// @param known     what was heard of it last
/// @param confirmed what the reconciler last read back
/// @param promoted  revision that the primary runs, empty if unknown
/// @param paused    by a person: nothing rises
public record RolloutState(
        long seq,
        long wantedBy,
        long rollouts,
        Known known,
        Desired confirmed,
        String promoted,
        boolean paused,
        Phase phase) {
    public static final RolloutState NEW =
            new RolloutState(0, 0, 0, Known.NOTHING, Desired.NOTHING, "", false, new Phase.New());

    /// What others said of the canary.
    ///
    /// @param uid      of the Kubernetes object
    /// @param revision that the target would run
    /// @param command  id of the last one
    /// @param rejected why the resource makes no sense at present
    /// @param trouble  why the last write failed
    public record Known(
            String uid,
            Optional<CanarySpec> spec,
            String revision,
            List<String> images,
            SortedMap<String, String> trackedConfigs,
            Side target,
            Side primary,
            String command,
            Optional<String> rejected,
            Optional<String> trouble) {
        static final Known NOTHING = new Known(
                "",
                Optional.empty(),
                "",
                List.of(),
                new TreeMap<>(),
                Side.UNKNOWN,
                Side.UNKNOWN,
                "",
                Optional.empty(),
                Optional.empty());

        Known applied(String uid, CanarySpec spec) {
            return new Known(
                    uid,
                    Optional.of(spec),
                    revision,
                    images,
                    trackedConfigs,
                    target,
                    primary,
                    command,
                    Optional.empty(),
                    trouble);
        }

        /// The canary leads another workload now.
        Known elsewhere() {
            return new Known(
                    uid,
                    spec,
                    "",
                    List.of(),
                    new TreeMap<>(),
                    Side.UNKNOWN,
                    Side.UNKNOWN,
                    command,
                    rejected,
                    Optional.empty());
        }

        Known detected(RevisionDetected event) {
            return new Known(
                    uid,
                    spec,
                    event.revision(),
                    event.images(),
                    event.trackedConfigs(),
                    target,
                    primary,
                    command,
                    rejected,
                    trouble);
        }

        Known called(String uid) {
            return new Known(uid, spec, revision, images, trackedConfigs, target, primary, command, rejected, trouble);
        }

        Known target(Side side) {
            return new Known(uid, spec, revision, images, trackedConfigs, side, primary, command, rejected, trouble);
        }

        Known primary(Side side) {
            return new Known(uid, spec, revision, images, trackedConfigs, target, side, command, rejected, trouble);
        }

        Known command(String id) {
            return new Known(uid, spec, revision, images, trackedConfigs, target, primary, id, rejected, trouble);
        }

        Known rejected(Optional<String> why) {
            return new Known(uid, spec, revision, images, trackedConfigs, target, primary, command, why, trouble);
        }

        Known trouble(Optional<String> why) {
            return new Known(uid, spec, revision, images, trackedConfigs, target, primary, command, rejected, why);
        }

        /// The Canary is gone; its workloads may stay, and a word of its end may come again.
        Known withoutCanary() {
            return new Known(
                    uid,
                    Optional.empty(),
                    revision,
                    images,
                    trackedConfigs,
                    target,
                    primary,
                    command,
                    Optional.empty(),
                    Optional.empty());
        }
    }

    /// One of the two workloads.
    ///
    /// @param stuck why a pod doesn't become ready
    public record Side(String revision, Replicas replicas, Optional<String> stuck) {
        static final Side UNKNOWN = new Side("", Replicas.NONE, Optional.empty());
    }

    /// A revision on its way.
    ///
    /// @param revision     as it is called now; a newer hash may call it otherwise than its `id` does
    /// @param failedChecks of all its steps, failed hooks included
    /// @param startedAt    UTC, when the canary was scaled up; before then, the epoch
    /// @param broken       the primary is: the canary carries the traffic
    /// @param checked      what the last check said
    /// @param first        share of the first step, once a budget has chosen it
    public record Run(
            RolloutId id,
            String revision,
            Plan plan,
            Instant startedAt,
            int failedChecks,
            boolean broken,
            List<String> checked,
            Optional<Percent> first) {
        Run failed() {
            return new Run(id, revision, plan, startedAt, failedChecks + 1, broken, checked, first);
        }

        Run renamed(String from, String to) {
            return revision.equals(from)
                    ? new Run(id, to, plan, startedAt, failedChecks, broken, checked, first)
                    : this;
        }

        Run whole() {
            return new Run(id, revision, plan, startedAt, failedChecks, false, checked, first);
        }

        Run told(List<String> reasons) {
            return new Run(id, revision, plan, startedAt, failedChecks, broken, reasons, first);
        }

        Run beginningWith(Optional<Percent> share) {
            return new Run(id, revision, plan, startedAt, failedChecks, broken, checked, share);
        }

        /// The canary's share in a step.
        public Percent share(int step) {
            var planned = plan.steps().get(step).canary();
            return step == 0 ? first.filter(planned::isAbove).orElse(planned) : planned;
        }

        boolean isCalled(String name) {
            return name.equals(revision) || name.equals(id.revision());
        }
    }

    /// A pod of the canary that was suspect.
    ///
    /// @param node   that it ran on, empty if unknown
    /// @param goneBy UTC
    /// @param gone   it gets no requests any more
    /// @param why    in words
    public record Replaced(String pod, String node, Instant goneBy, boolean gone, String why) {
        Replaced nowGone() {
            return new Replaced(pod, node, goneBy, true, why);
        }

        String named() {
            return node.isEmpty() ? pod : "%s on node %s".formatted(pod, node);
        }
    }

    public sealed interface Phase {
        /// Not yet seen whole.
        record New() implements Phase {}

        /// @param taking the primary is ready and gets the traffic
        record Initializing(String revision, boolean taking) implements Phase {}

        /// No rollout is under way.
        ///
        /// @param tried    revision whose rollout ended here last: not tried again by itself
        /// @param rollout  the last one, if there was one
        /// @param canary   share that the canary has
        /// @param canaryUp the canary runs
        /// @param why      in words
        record Idle(
                Ended ended,
                String tried,
                Optional<Run> rollout,
                Percent canary,
                boolean canaryUp,
                boolean broken,
                List<String> why)
                implements Phase {}

        /// Before the canary is scaled up: a gate is to open first.
        record Waiting(Run run, boolean closed) implements Phase {}

        /// @param step     -1 until the first
        /// @param look     last check that counted, -1 before the first
        /// @param passes   checks of this step
        /// @param attempt  of the gate, last one that counted, -1 before the first
        /// @param awaited  the gate whose word is needed before it goes on
        /// @param closed   that gate said no
        /// @param promote  a person wants it promoted as soon as it is ready
        /// @param replaced a suspect pod, at most one in a rollout
        record Progressing(
                Run run,
                int step,
                Instant deadline,
                int look,
                int passes,
                int attempt,
                Optional<HookKind> awaited,
                boolean closed,
                boolean promote,
                Optional<Replaced> replaced)
                implements Phase {
            Progressing with(Run next) {
                return new Progressing(next, step, deadline, look, passes, attempt, awaited, closed, promote, replaced);
            }

            Progressing told(List<String> reasons) {
                return with(run.told(reasons));
            }

            Progressing until(Instant next) {
                return new Progressing(run, step, next, look, passes, attempt, awaited, closed, promote, replaced);
            }

            Progressing checked(int at, boolean passed) {
                return new Progressing(
                        passed ? run : run.failed(),
                        step,
                        deadline,
                        at,
                        passed ? passes + 1 : passes,
                        attempt,
                        awaited,
                        closed,
                        promote,
                        replaced);
            }

            Progressing looked(int at) {
                return new Progressing(run, step, deadline, at, passes, attempt, awaited, closed, promote, replaced);
            }

            Progressing awaiting(HookKind gate) {
                return new Progressing(
                        run, step, deadline, look, passes, -1, Optional.of(gate), false, promote, replaced);
            }

            Progressing refused(int at, boolean counts) {
                return new Progressing(
                        counts ? run.failed() : run,
                        step,
                        deadline,
                        look,
                        passes,
                        at,
                        awaited,
                        true,
                        promote,
                        replaced);
            }

            Progressing toBePromoted() {
                return new Progressing(run, step, deadline, look, passes, attempt, awaited, closed, true, replaced);
            }

            /// What has passed was with the pod: the step is judged once more.
            Progressing replacing(Replaced pod, Instant next) {
                return new Progressing(
                        run,
                        step,
                        next,
                        look,
                        step < 0 ? 0 : Math.min(passes, plannedStep().checks() - 1),
                        -1,
                        Optional.empty(),
                        false,
                        promote,
                        Optional.of(pod));
            }

            Progressing gone() {
                return new Progressing(
                        run,
                        step,
                        deadline,
                        look,
                        passes,
                        attempt,
                        awaited,
                        closed,
                        promote,
                        replaced.map(Replaced::nowGone));
            }

            /// The pod that is still to be removed.
            Optional<Replaced> replacing() {
                return replaced.filter(pod -> !pod.gone());
            }

            /// The canary's share in this step.
            Percent canary() {
                return run.broken() ? Percent.ALL : step < 0 ? Percent.ZERO : run.share(step);
            }

            Plan.Step plannedStep() {
                return run.plan().steps().get(step);
            }
        }

        /// @param canary  share that the canary has
        /// @param updated the primary has the revision's template
        /// @param leave   how far the traffic's way back is
        /// @param due     when the clock is an input again: the deadline, the next share, the end of the drain
        record Promoting(
                Run run, int step, Percent canary, boolean updated, Leave leave, Instant due, List<String> reasons)
                implements Phase {}

        /// @param canary share that the canary keeps
        record RollingBack(Run run, int step, Percent canary, Leave leave, Optional<Instant> due, List<String> reasons)
                implements Phase {}

        /// @param handingBack the target is ready and gets the traffic
        record Terminating(boolean handingBack, Percent canary) implements Phase {}

        /// Nothing is decided until a person says `retry`.
        record Parked(String why, boolean canaryUp) implements Phase {}
    }

    /// How a canary loses its pods: no traffic, then time for what is under way, then none.
    public enum Leave {
        NOT_YET,
        RETURNING,
        DRAINING,
        SCALING_DOWN
    }

    public enum Ended {
        INITIALIZED,
        SUCCEEDED,
        FAILED
    }

    /// A rollout has begun and isn't over.
    public boolean underWay() {
        return run().isPresent();
    }

    /// The rollout that is under way.
    public Optional<Run> run() {
        return switch (phase) {
            case Phase.Waiting at -> Optional.of(at.run());
            case Phase.Progressing at -> Optional.of(at.run());
            case Phase.Promoting at -> Optional.of(at.run());
            case Phase.RollingBack at -> Optional.of(at.run());
            case Phase.New _, Phase.Initializing _, Phase.Idle _, Phase.Terminating _, Phase.Parked _ ->
                Optional.empty();
        };
    }

    /// Nothing rises: a person paused it, or its spec suspends it.
    boolean held() {
        return paused || known.spec().filter(CanarySpec::suspended).isPresent();
    }

    RolloutState in(Phase next) {
        return new RolloutState(seq, wantedBy, rollouts, known, confirmed, promoted, paused, next);
    }

    /// After a decision that asks nothing of the cluster.
    RolloutState now(Phase next) {
        return new RolloutState(seq + 1, wantedBy, rollouts, known, confirmed, promoted, paused, next);
    }

    /// After a decision that the cluster has to follow.
    RolloutState wanting(Phase next) {
        return new RolloutState(seq + 1, seq + 1, rollouts, known, confirmed, promoted, paused, next);
    }

    RolloutState knowing(Known next) {
        return new RolloutState(seq, wantedBy, rollouts, next, confirmed, promoted, paused, phase);
    }

    RolloutState confirmed(Desired found) {
        return new RolloutState(seq, wantedBy, rollouts, known, found, promoted, paused, phase);
    }

    RolloutState promoted(String revision) {
        return new RolloutState(seq, wantedBy, rollouts, known, confirmed, revision, paused, phase);
    }

    RolloutState paused(boolean is) {
        return new RolloutState(seq, wantedBy, rollouts, known, confirmed, promoted, is, phase);
    }

    /// What stands was written by a decision that the log doesn't have: ours count on from there.
    RolloutState behind(long written) {
        return written <= seq
                ? this
                : new RolloutState(written, written, rollouts, known, confirmed, promoted, paused, phase);
    }

    RolloutState counted(long number) {
        return new RolloutState(seq, wantedBy, number, known, confirmed, promoted, paused, phase);
    }

    /// It leads another workload now: what stood belongs to the old one.
    RolloutState retargeted() {
        return confirmed(nothing()).promoted("");
    }

    /// Another canary of the same name: only the counters go on.
    RolloutState forgotten() {
        return new RolloutState(seq, wantedBy, rollouts, known.withoutCanary(), nothing(), "", false, new Phase.New());
    }

    /// An answer to what was wanted before comes too late.
    private Desired nothing() {
        return new Desired(wantedBy + 1, Desired.Stage.NOTHING, "", Percent.ZERO, Percent.ZERO, List.of(), false);
    }

    /// What the cluster should look like in this state. The reconciler makes it so, as often as it takes.
    public Desired desired() {
        return switch (phase) {
            case Phase.New _ -> Desired.NOTHING;
            case Phase.Initializing(var revision, boolean taking) ->
                wants(taking ? Stage.SERVING : Stage.BOOTSTRAP, revision, Percent.ZERO, !taking);
            case Phase.Idle at -> wants(Stage.SERVING, promoted, at.canary(), at.canaryUp());
            case Phase.Waiting at ->
                wants(Stage.SERVING, promoted, share(at.run()), at.run().broken());
            case Phase.Progressing at when at.step() < 0 -> wants(Stage.SERVING, promoted, share(at.run()), true);
            case Phase.Progressing at ->
                new Desired(
                        wantedBy,
                        Stage.SERVING,
                        promoted,
                        at.canary(),
                        at.plannedStep().mirror(),
                        at.plannedStep().match(),
                        true,
                        at.replaced().map(Replaced::pod));
            // An A/B test's canary keeps its matching requests until they go back to the primary.
            case Phase.Promoting at ->
                new Desired(
                        wantedBy,
                        Stage.SERVING,
                        at.updated() ? promoted : at.run().revision(),
                        at.canary(),
                        Percent.ZERO,
                        at.leave() == Leave.NOT_YET && at.step() >= 0
                                ? at.run().plan().steps().get(at.step()).match()
                                : List.of(),
                        at.leave() != Leave.SCALING_DOWN);
            case Phase.RollingBack at -> wants(Stage.SERVING, promoted, at.canary(), at.leave() != Leave.SCALING_DOWN);
            case Phase.Terminating(boolean handingBack, var canary) ->
                wants(handingBack ? Stage.RESTORED : Stage.SERVING, promoted, canary, true);
            case Phase.Parked(var _, boolean canaryUp) -> wants(Stage.SERVING, promoted, Percent.ZERO, canaryUp);
        };
    }

    private static Percent share(Run run) {
        return run.broken() ? Percent.ALL : Percent.ZERO;
    }

    private Desired wants(Stage stage, String primary, Percent canary, boolean canaryUp) {
        return new Desired(wantedBy, stage, primary, canary, Percent.ZERO, List.of(), canaryUp);
    }
}
