package dev.aviary.decisions.analysis;

import dev.aviary.events.ShadowDiffered;
import dev.aviary.events.ShadowDiffered.Course;

/// A rollout as it would stand under its shadow policy.
///
/// @param guard  over all its steps, under that policy
/// @param failed checks that the router counted so far
/// @param more   failed checks under the shadow policy beyond those; negative if fewer
/// @param over   it would have been taken back, or was: nothing can be told of it any more
public record Shadow(GuardState guard, int failed, int more, boolean over) {
    static final Shadow NEW = new Shadow(GuardState.NEW, 0, 0, false);

    /// Its looks stand in the evidence of the acting policy.
    Shadow guard(GuardState next) {
        return new Shadow(next.recorded(), failed, more, over);
    }

    Shadow counted(int failedChecks) {
        return new Shadow(guard, failedChecks, more, over);
    }

    Shadow differed(ShadowDiffered said) {
        int apart = (said.shadow() == Course.FAILED ? 1 : 0) - (said.acting() == Course.FAILED ? 1 : 0);
        return new Shadow(guard, failed, more + apart, over || said.isLast());
    }

    Shadow nowOver() {
        return new Shadow(guard, failed, more, true);
    }
}
