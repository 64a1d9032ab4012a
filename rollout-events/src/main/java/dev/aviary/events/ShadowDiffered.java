package dev.aviary.events;

import java.util.Optional;

/// Under the shadow policy the same evidence led elsewhere. It moves nothing: nobody acts on it.
///
/// @param look     of a check as in [CheckCompleted], of the guard as in [GuardTripped]; -1 where neither is meant
/// @param acting   what the acting policy made of it
/// @param shadow   what the shadow policy would have made of it
/// @param sentence the difference in words
@WireType("shadow-differed.v1")
public record ShadowDiffered(RolloutId rollout, int step, int look, Course acting, Course shadow, String sentence)
        implements AnalyzerEvent {
    /// Where evidence leads.
    public enum Course {
        /// The check.
        PASSED,
        /// The check; the rollout holds or goes on.
        FAILED,
        /// The check.
        INCONCLUSIVE,
        /// The rollout.
        WENT_ON,
        /// The rollout, because the guard tripped, or the budget was used up.
        TRIPPED,
        /// The rollout, because of its failed checks.
        WENT_BACK,
        /// The rollout goes on, and a pod that is to blame is replaced.
        SUSPECTED,
        /// The step's check, before its time.
        CLEARED,
        /// Under the shadow policy: what was counted doesn't tell.
        UNKNOWN
    }

    /// Nothing that comes later can be told of the shadow policy: under it or under the acting one it is over.
    public boolean isLast() {
        return isLast(acting) || isLast(shadow);
    }

    private static boolean isLast(Course course) {
        return switch (course) {
            case TRIPPED, WENT_BACK, SUSPECTED -> true;
            case PASSED, FAILED, INCONCLUSIVE, WENT_ON, CLEARED, UNKNOWN -> false;
        };
    }

    @Override
    public Optional<RolloutId> ofRollout() {
        return Optional.of(rollout);
    }
}
