package dev.aviary.decisions.rollout;

import dev.aviary.events.HttpMatch;
import dev.aviary.events.Percent;
import java.util.List;
import java.util.Optional;

/// What the cluster should look like. The reconciler makes it so, in the order of the components, and answers with
/// one outcome for each that differed from what was confirmed.
///
/// @param seq      of the decision that wants it: each is written, fenced and answered on its own
/// @param stage    which objects stand at all
/// @param primary  revision that the primary is to run; empty: whatever it runs
/// @param canary   share that the canary has, of the live requests or of those that match
/// @param mirror   share copied to the canary
/// @param match    which requests `canary` is a share of; empty: all
/// @param canaryUp the target is scaled up; else it is at zero
/// @param without  the canary's pod that is to be gone, so that its controller makes another
public record Desired(
        long seq,
        Stage stage,
        String primary,
        Percent canary,
        Percent mirror,
        List<HttpMatch> match,
        boolean canaryUp,
        Optional<String> without) {
    /// With whichever pods there are.
    public Desired(
            long seq,
            Stage stage,
            String primary,
            Percent canary,
            Percent mirror,
            List<HttpMatch> match,
            boolean canaryUp) {
        this(seq, stage, primary, canary, mirror, match, canaryUp, Optional.empty());
    }

    public static final Desired NOTHING =
            new Desired(0, Stage.NOTHING, "", Percent.ZERO, Percent.ZERO, List.of(), false);

    public enum Stage {
        /// Nothing is asked of the cluster.
        NOTHING,
        /// Primary workload and the Services `-primary` and `-canary` exist; live traffic still goes to the target.
        /// Answered with `PrimaryUpdated`; where a primary serves already, with `PrimaryInitialized(tookOver)`.
        BOOTSTRAP,
        /// The apex Service and the route lead to the primary, scalers are in place. The first time it is answered
        /// with `PrimaryInitialized`.
        SERVING,
        /// The target serves as before Aviary; the finalizer is gone. Answered with `TargetRestored`.
        RESTORED
    }

    Desired primary(String revision) {
        return new Desired(seq, stage, revision, canary, mirror, match, canaryUp, without);
    }

    Desired scaled(boolean up) {
        return new Desired(seq, stage, primary, canary, mirror, match, up, without);
    }

    Desired without(String pod) {
        return new Desired(seq, stage, primary, canary, mirror, match, canaryUp, Optional.of(pod));
    }

    /// The same split of traffic, whoever wants it.
    public boolean splitsAs(Desired other) {
        return canary.equals(other.canary) && mirror.equals(other.mirror) && match.equals(other.match);
    }
}
