package dev.aviary.decisions.analysis;

import dev.aviary.events.PodSuspected;
import dev.aviary.events.ShadowDiffered;
import dev.aviary.events.ShadowDiffered.Course;
import dev.aviary.events.Verdict;
import java.time.Instant;
import java.util.Optional;

/// A rollout as it would stand under its shadow policy.
///
/// @param guard    over all its steps, under that policy
/// @param failed   checks that the router counted so far
/// @param more     failed checks under the shadow policy beyond those; negative if fewer
/// @param over     it would have been taken back, or was: nothing can be told of it any more
/// @param clearing what the step has shown under that policy; empty before the first look at it
/// @param cleared  UTC, from when on its check needn't have waited under that policy
public record Shadow(
        GuardState guard, int failed, int more, boolean over, Optional<Clearing> clearing, Optional<Instant> cleared) {
    static final Shadow NEW = new Shadow(GuardState.NEW, 0, 0, false, Optional.empty(), Optional.empty());

    /// Its looks stand in the evidence of the acting policy.
    Shadow guard(GuardState next) {
        return new Shadow(next.recorded(), failed, more, over, clearing, cleared);
    }

    Shadow clearing(Clearing next) {
        return new Shadow(guard, failed, more, over, Optional.of(next), cleared);
    }

    Shadow clearedAt(Instant now) {
        return new Shadow(guard, failed, more, over, clearing, cleared.or(() -> Optional.of(now)));
    }

    Shadow nextStep() {
        return new Shadow(guard, failed, more, over, Optional.empty(), Optional.empty());
    }

    Shadow checked(Verdict verdict) {
        return clearing(clearing.orElse(Clearing.NEW).after(verdict));
    }

    Shadow suspecting(PodSuspected mine, Instant now) {
        var next = guard(guard.suspecting(mine, now));
        return clearing.map(shown -> next.clearing(shown.anew())).orElse(next);
    }

    Shadow suspicionAnswered() {
        return guard(guard.suspicionAnswered());
    }

    Shadow counted(int failedChecks) {
        return new Shadow(guard, failedChecks, more, over, clearing, cleared);
    }

    Shadow differed(ShadowDiffered said) {
        int apart = (said.shadow() == Course.FAILED ? 1 : 0) - (said.acting() == Course.FAILED ? 1 : 0);
        // Whatever the check was, under the shadow policy it doesn't come before its time once more.
        var shown = said.look() >= 0 ? Optional.of(clearing.orElse(Clearing.NEW).atItsTime()) : clearing;
        return new Shadow(guard, failed, more + apart, over || said.isLast(), shown, cleared);
    }

    Shadow nowOver() {
        return new Shadow(guard, failed, more, true, clearing, cleared);
    }
}
