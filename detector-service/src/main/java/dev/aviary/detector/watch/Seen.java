package dev.aviary.detector.watch;

import dev.aviary.events.WorkloadChanged;
import dev.aviary.flagger.CanarySpecs.Resolution;
import dev.aviary.flagger.Revision;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/// What the cluster shows of one Canary at one moment.
///
/// @param leaving   it is being deleted; with Flagger's finalizer it waits for the target to serve again
/// @param revision  of the target; empty if the target isn't there
/// @param workloads target and primary
/// @param command   the annotations of design rule 8; empty if there are none
public record Seen(
        String uid,
        long generation,
        Leaving leaving,
        Resolution resolution,
        Optional<Revision.Found> revision,
        List<WorkloadChanged> workloads,
        Optional<Command> command) {
    public enum Leaving {
        NO,
        AT_ONCE,
        AFTER_REVERT
    }

    /// @param verb    as written, whatever it is
    /// @param rollout that a label is about, as written; empty if nothing is
    /// @param outcome that a label gives it, as written; empty if nothing is
    /// @param written when the annotation was, as far as the API server knows
    public record Command(
            String id, String verb, String by, String why, String rollout, String outcome, Optional<Instant> written) {}
}
