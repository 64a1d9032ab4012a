package dev.aviary.decisions.rollout;

import static dev.aviary.decisions.rollout.Anytime.back;
import static dev.aviary.decisions.rollout.Anytime.followedBy;
import static dev.aviary.decisions.rollout.Anytime.newRevision;
import static dev.aviary.decisions.rollout.Anytime.superseded;
import static dev.aviary.decisions.rollout.Beginning.initialize;
import static dev.aviary.decisions.rollout.Ending.drain;
import static dev.aviary.decisions.rollout.Facts.because;
import static dev.aviary.decisions.rollout.Facts.isCurrent;
import static dev.aviary.decisions.rollout.Facts.isSplit;
import static dev.aviary.decisions.rollout.Facts.isUnderWay;
import static dev.aviary.decisions.rollout.Facts.leadsElsewhere;
import static dev.aviary.decisions.rollout.Facts.primaryReady;
import static dev.aviary.decisions.rollout.Facts.since;

import dev.aviary.decisions.rollout.RolloutInput.Heard;
import dev.aviary.decisions.rollout.RolloutInput.Tick;
import dev.aviary.decisions.rollout.RolloutState.Leave;
import dev.aviary.decisions.rollout.RolloutState.Phase.Promoting;
import dev.aviary.decisions.rollout.RolloutState.Run;
import dev.aviary.events.*;
import dev.aviary.events.RollbackStarted.Cause;
import java.time.Instant;
import java.util.List;

/// What is decided while the primary becomes what has passed, and takes its traffic back.
final class Promotion {
    private Promotion() {}

    static List<RouterDecision> whilePromoting(Promoting at, RolloutState next, RolloutInput input, Instant now) {
        if (!(next.phase() instanceof Promoting after)) {
            return initialize(next);
        }
        var run = at.run();
        boolean primaryReady = after.updated() && primaryReady(next, run);
        return switch (input) {
            case Heard(CanaryApplied applied) when leadsElsewhere(run, applied) -> superseded(run, applied, next, now);
            case Heard(RevisionDetected detected)
            when !isUnderWay(detected, next) -> {
                if (!at.updated()) { // its template is gone before the primary had it
                    yield newRevision(run, at.step(), next, detected, now);
                }
                // The canary's pods become another, unproven revision: they keep no traffic.
                yield at.canary().isAbove(Percent.ZERO) && !run.broken()
                        ? List.of(returned(run, Percent.ZERO, now))
                        : List.of();
            }
            case Heard(PrimaryUpdated _), Heard(WorkloadChanged _), Heard(TrafficShifted _)
            when at.leave() == Leave.NOT_YET && primaryReady -> List.of(returnTraffic(at, now));
            case Heard(TrafficShifted _), Heard(WorkloadChanged _)
            when at.leave() == Leave.RETURNING && at.canary().equals(Percent.ZERO) && isSplit(next) && primaryReady ->
                drain(run, now);
            case Heard(RouterOutcome _)
            when at.leave() == Leave.SCALING_DOWN && !next.confirmed().canaryUp() && isCurrent(next) -> {
                boolean skipped = at.step() < 0;
                yield followedBy(new Promoted(run.id(), since(run, now), skipped), next, now);
            }
            case Heard(RouteChangedByHand _), Heard(WentBlind _)
            when at.leave() != Leave.NOT_YET && !isSplit(next) -> List.of(returned(run, at.canary(), now));
            case Heard(RouteChangedByHand changed)
            when changed.after().isAbove(at.canary()) ->
                List.of(new PromotionStarted(run.id(), at.step(), at.canary(), at.due(), at.reasons()));
            case Tick()
            when !now.isBefore(at.due()) ->
                switch (at.leave()) {
                    case NOT_YET ->
                        at.updated()
                                ? primaryNotReady(run, next, now)
                                : back(
                                        run,
                                        at.step(),
                                        Cause.DEADLINE,
                                        "the primary couldn't be updated"
                                                + because(next.known().trouble()));
                    case RETURNING ->
                        at.canary().isAbove(Percent.ZERO) || primaryReady
                                ? List.of(returnTraffic(at, now))
                                : primaryNotReady(run, next, now);
                    case DRAINING -> List.of(new ScaleDownStarted(run.id()));
                    case SCALING_DOWN -> List.of();
                };
            case Heard _, Tick _ -> List.of();
        };
    }

    /// The canary, which passed, keeps the traffic; but not if its pods are another revision's by now.
    private static List<RouterDecision> primaryNotReady(Run run, RolloutState next, Instant now) {
        var known = next.known();
        if (!known.revision().equals(run.revision())) {
            return followedBy(new Superseded(run.id(), known.revision()), next, now);
        }
        var patience = run.plan().spec().progressDeadline().toSeconds();
        var why = because(known.primary().stuck().or(known::trouble));
        return List.of(new PromotionFailed(
                run.id(), List.of("the primary didn't become ready within %s s%s".formatted(patience, why))));
    }

    /// The next share goes back to the primary; all of it unless the spec asks for steps.
    private static TrafficReturnStarted returnTraffic(Promoting at, Instant now) {
        var share = at.run().plan().spec().strategy() instanceof Strategy.Progressive(var _, var promotion)
                        && promotion.isAbove(Percent.ZERO)
                ? promotion
                : Percent.ALL;
        return returned(at.run(), at.canary().minus(share), now);
    }

    /// Until the next share is due, or, when all is back, until the primary must be ready to go on alone.
    private static TrafficReturnStarted returned(Run run, Percent canary, Instant now) {
        var spec = run.plan().spec();
        var patience = canary.isAbove(Percent.ZERO) ? spec.interval() : spec.progressDeadline();
        return new TrafficReturnStarted(run.id(), canary, now.plus(patience));
    }
}
