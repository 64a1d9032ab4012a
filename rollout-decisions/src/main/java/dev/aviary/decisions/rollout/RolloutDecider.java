package dev.aviary.decisions.rollout;

import static dev.aviary.decisions.rollout.Beginning.whileIdle;
import static dev.aviary.decisions.rollout.Beginning.whileInitializing;
import static dev.aviary.decisions.rollout.Beginning.whileNew;
import static dev.aviary.decisions.rollout.Beginning.whileWaiting;
import static dev.aviary.decisions.rollout.Ending.terminate;
import static dev.aviary.decisions.rollout.Ending.whileParked;
import static dev.aviary.decisions.rollout.Ending.whileRollingBack;
import static dev.aviary.decisions.rollout.Ending.whileTerminating;
import static dev.aviary.decisions.rollout.Facts.isAnothers;
import static dev.aviary.decisions.rollout.Facts.isGone;
import static dev.aviary.decisions.rollout.Progress.whileProgressing;
import static dev.aviary.decisions.rollout.Promotion.whilePromoting;

import dev.aviary.decisions.rollout.RolloutInput.Heard;
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
import dev.aviary.decisions.rollout.RolloutState.Replaced;
import dev.aviary.events.*;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/// The rollout's state machine: pure, so that replaying the log and running live are the same code.
public final class RolloutDecider {
    /// Stands in every decision: another version may decide otherwise.
    public static final int VERSION = 5;

    private RolloutDecider() {}

    /// What follows from one input.
    ///
    /// @param state before the input: a repeat is known by what stands there
    /// @param now   the input's record time, or the instant that [#nextDue] named
    public static List<RouterDecision> decide(RolloutState state, RolloutInput input, Instant now) {
        if (input instanceof Heard(OperatorCommanded command)
                && command.id().equals(state.known().command())) {
            return List.of();
        }
        if (input instanceof Heard(RolloutLabelled _) || input instanceof Heard(ShadowDiffered _)) {
            return List.of(); // words about a rollout, not to it
        }
        var next = input instanceof Heard(var event) ? RolloutEvolution.evolve(state, event) : state;
        if (input instanceof Heard(CanaryDeleted deleted)) {
            boolean reverts = deleted.revertOnDeletion() && !isAnothers(deleted, state) && !isGone(state);
            return reverts ? terminate(state) : List.of();
        }
        return switch (state.phase()) {
            case New _ -> whileNew(next);
            case Initializing at -> whileInitializing(at, next, now);
            case Idle at -> whileIdle(at, next, input, now);
            case Waiting at -> whileWaiting(at, next, input, now);
            case Progressing at -> whileProgressing(at, state, next, input, now);
            case Promoting at -> whilePromoting(at, next, input, now);
            case RollingBack at -> whileRollingBack(at, next, input, now);
            case Terminating at -> whileTerminating(at, next);
            case Parked _ -> whileParked(next, input, now);
        };
    }

    /// The state after an event. State changes here and nowhere else.
    public static RolloutState evolve(RolloutState state, RolloutEvent event) {
        return RolloutEvolution.evolve(state, event);
    }

    /// What the cluster should look like in this state.
    public static Desired desired(RolloutState state) {
        return state.desired();
    }

    /// When the clock is an input again; nothing before then depends on it.
    public static Optional<Instant> nextDue(RolloutState state) {
        return switch (state.phase()) {
            // A pod that fails answers customers all the while.
            case Progressing at
            when at.replacing().isPresent() -> at.replacing().map(Replaced::goneBy);
            // Gated, paused or suspended it stands still.
            case Progressing at when state.held() || at.awaited().isPresent() -> Optional.empty();
            case Progressing at when FirstWeight.isAwaited(at, state) -> Optional.of(FirstWeight.knownBy(at));
            case Progressing at -> Optional.of(at.deadline());
            case Promoting at when at.leave() != Leave.SCALING_DOWN -> Optional.of(at.due());
            case RollingBack at -> at.due();
            case New _, Initializing _, Idle _, Waiting _, Promoting _, Terminating _, Parked _ -> Optional.empty();
        };
    }
}
