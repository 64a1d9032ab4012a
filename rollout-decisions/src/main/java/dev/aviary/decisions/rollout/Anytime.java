package dev.aviary.decisions.rollout;

import static dev.aviary.decisions.rollout.Beginning.next;
import static dev.aviary.decisions.rollout.Facts.isUnderWay;
import static dev.aviary.decisions.rollout.Facts.leadsElsewhere;
import static dev.aviary.decisions.rollout.Facts.patience;

import dev.aviary.decisions.rollout.RolloutState.Run;
import dev.aviary.events.*;
import dev.aviary.events.GateDecided.Outcome;
import dev.aviary.events.RollbackStarted.Cause;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// What is decided alike in several phases of a rollout.
final class Anytime {
    private Anytime() {}

    static List<RouterDecision> back(Run run, int step, Cause cause, String reason) {
        return List.of(new RollbackStarted(run.id(), step, cause, run.failedChecks(), stays(run), List.of(reason)));
    }

    /// A broken primary gets no traffic back.
    static Percent stays(Run run) {
        return run.broken() ? Percent.ALL : Percent.ZERO;
    }

    static StepHeld held(Run run, int step, Instant now, String why) {
        return new StepHeld(run.id(), step, -1, run.failedChecks(), now.plus(patience(run)), List.of(why));
    }

    static List<RouterDecision> aborted(Run run, int step, OperatorCommanded command) {
        return back(run, step, Cause.ABORTED, "aborted by " + command.who());
    }

    static List<RouterDecision> rollbackHook(Run run, int step, GateDecided gate) {
        return gate.outcome() == Outcome.OPENED
                ? back(run, step, Cause.ROLLBACK_HOOK, "rollback webhook %s said so".formatted(gate.hook()))
                : List.of();
    }

    static List<RouterDecision> newRevision(
            Run run, int step, RolloutState next, RevisionDetected detected, Instant now) {
        if (isUnderWay(detected, next)) {
            return List.of();
        }
        if (detected.revision().equals(next.promoted()) && !run.broken()) {
            return back(run, step, Cause.TARGET_REVERTED, "the target went back to the revision that the primary runs");
        }
        return followedBy(new Superseded(run.id(), detected.revision()), next, now);
    }

    static List<RouterDecision> superseded(Run run, CanaryApplied applied, RolloutState next, Instant now) {
        if (leadsElsewhere(run, applied)) {
            return List.of(new Superseded(run.id(), "target " + applied.spec().target()));
        }
        var provider = applied.spec().provider();
        return run.plan().spec().provider().equals(provider)
                ? List.of()
                : followedBy(new Superseded(run.id(), "provider " + provider), next, now);
    }

    /// An end, and the next rollout directly behind it, if one waits.
    static List<RouterDecision> followedBy(RouterDecision end, RolloutState next, Instant now) {
        var said = new ArrayList<RouterDecision>();
        said.add(end);
        said.addAll(next(RolloutEvolution.evolve(next, end), now, Optional.empty()));
        return said;
    }
}
