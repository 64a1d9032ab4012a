package dev.aviary.router.reconcile;

import dev.aviary.decisions.rollout.RolloutState;
import dev.aviary.decisions.rollout.RolloutState.Leave;
import dev.aviary.decisions.rollout.RolloutState.Phase.Promoting;

/// Where traffic goes when nobody can say more: the side that last proved ready.
public enum SafeSide {
    PRIMARY,
    /// The primary may be starting with the new revision, which the canary has proven: the cluster is asked.
    PRIMARY_IF_READY,
    /// The primary is known to be broken.
    CANARY;

    public static SafeSide of(RolloutState state) {
        if (state.run().filter(RolloutState.Run::broken).isPresent()) {
            return CANARY;
        }
        return state.phase() instanceof Promoting at && at.leave() == Leave.NOT_YET ? PRIMARY_IF_READY : PRIMARY;
    }
}
