package dev.aviary.decisions.rollout;

import static dev.aviary.decisions.rollout.Anytime.followedBy;
import static dev.aviary.decisions.rollout.Anytime.superseded;
import static dev.aviary.decisions.rollout.Beginning.initialize;
import static dev.aviary.decisions.rollout.Beginning.start;
import static dev.aviary.decisions.rollout.Facts.isCurrent;
import static dev.aviary.decisions.rollout.Facts.isSplit;
import static dev.aviary.decisions.rollout.Facts.leadsElsewhere;
import static dev.aviary.decisions.rollout.Facts.since;

import dev.aviary.decisions.rollout.RolloutInput.Heard;
import dev.aviary.decisions.rollout.RolloutInput.Tick;
import dev.aviary.decisions.rollout.RolloutState.Leave;
import dev.aviary.decisions.rollout.RolloutState.Phase.Idle;
import dev.aviary.decisions.rollout.RolloutState.Phase.Initializing;
import dev.aviary.decisions.rollout.RolloutState.Phase.New;
import dev.aviary.decisions.rollout.RolloutState.Phase.Parked;
import dev.aviary.decisions.rollout.RolloutState.Phase.Progressing;
import dev.aviary.decisions.rollout.RolloutState.Phase.Promoting;
import dev.aviary.decisions.rollout.RolloutState.Phase.RollingBack;
import dev.aviary.decisions.rollout.RolloutState.Phase.Terminating;
import dev.aviary.decisions.rollout.RolloutState.Phase.Waiting;
import dev.aviary.decisions.rollout.RolloutState.Run;
import dev.aviary.events.*;
import dev.aviary.events.RollbackStarted.Cause;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/// What is decided on the way back, while a canary is let go, and of one that is parked.
final class Ending {
    private Ending() {}

    static List<RouterDecision> whileRollingBack(RollingBack at, RolloutState next, RolloutInput input, Instant now) {
        if (!(next.phase() instanceof RollingBack)) {
            return initialize(next);
        }
        var run = at.run();
        return switch (input) {
            case Heard(CanaryApplied applied) when leadsElsewhere(run, applied) -> superseded(run, applied, next, now);
            case Heard(TrafficShifted _)
            when at.leave() == Leave.RETURNING && isSplit(next) ->
                run.broken()
                        ? followedBy(new RolledBack(run.id(), since(run, now), at.reasons()), next, now)
                        : drain(run, now);
            case Heard(RouteChangedByHand _), Heard(WentBlind _)
            when !isSplit(next) ->
                List.of(new RollbackStarted(
                        run.id(), at.step(), Cause.ROUTE_CHANGED, run.failedChecks(), at.canary(), at.reasons()));
            case Heard(RouterOutcome _)
            when at.leave() == Leave.SCALING_DOWN && !next.confirmed().canaryUp() && isCurrent(next) ->
                followedBy(new RolledBack(run.id(), since(run, now), at.reasons()), next, now);
            case Tick() when at.leave() == Leave.DRAINING -> List.of(new ScaleDownStarted(run.id()));
            case Heard _, Tick _ -> List.of();
        };
    }

    static List<RouterDecision> drain(Run run, Instant now) {
        return List.of(new DrainStarted(run.id(), now.plus(run.plan().spec().drain())));
    }

    static List<RouterDecision> whileTerminating(Terminating at, RolloutState next) {
        if (!(next.phase() instanceof Terminating)) {
            return initialize(next);
        }
        return !at.handingBack() && targetServes(next) ? List.of(new HandbackStarted()) : List.of();
    }

    private static boolean targetServes(RolloutState state) {
        return state.confirmed().canaryUp() && state.known().target().replicas().ready(100);
    }

    static List<RouterDecision> terminate(RolloutState state) {
        return switch (state.phase()) {
            case Terminating _ -> List.of();
            case New _, Initializing _, Idle _, Waiting _, Progressing _, Promoting _, RollingBack _, Parked _ ->
                targetServes(state)
                        ? List.of(new TerminationStarted(), new HandbackStarted())
                        : List.of(new TerminationStarted());
        };
    }

    static List<RouterDecision> whileParked(RolloutState next, RolloutInput input, Instant now) {
        if (next.phase() instanceof New) {
            return initialize(next); // another Canary of the same name, or another target
        }
        if (next.known().spec().isEmpty()
                || !(input instanceof Heard(OperatorCommanded(var _, var verb, var by, var _)))
                || verb != OperatorCommanded.Verb.RETRY) {
            return List.of();
        }
        return next.promoted().isEmpty() ? initialize(next) : start(next, now, Optional.of(by));
    }
}
