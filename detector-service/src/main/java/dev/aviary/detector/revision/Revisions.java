package dev.aviary.detector.revision;

import dev.aviary.events.RevisionDetected;
import dev.aviary.flagger.Revision;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;

/// Whether a revision is a new one, against the last that was said.
public final class Revisions {
    private Revisions() {}

    /// @param said     what the log has last
    /// @param previous what we computed last ourselves, for saying what changed in words; empty after a start
    /// @return what is to be said; empty if the log knows it
    public static Optional<RevisionDetected> news(
            Revision present, Optional<RevisionDetected> said, Optional<Revision> previous) {
        if (said.isPresent() && said.get().revision().equals(present.name())) {
            return Optional.empty();
        }
        var renamed = said.filter(before -> isRenamed(before, present));
        return Optional.of(new RevisionDetected(
                present.name(),
                renamed.map(RevisionDetected::revision),
                present.images(),
                renamed.isPresent() ? List.of() : changed(present, said, previous),
                present.trackedConfigs()));
    }

    /// The last one was named by a hash of another version, which can't be computed any more: where images and configs
    /// are the same, nothing has changed but our way to name it. An upgrade must not start a rollout.
    private static boolean isRenamed(RevisionDetected before, Revision present) {
        boolean sameWay = before.revision().startsWith(Revision.VERSION + ":");
        return !sameWay
                && before.images().equals(present.images())
                && before.trackedConfigs().equals(present.trackedConfigs());
    }

    private static List<String> changed(
            Revision present, Optional<RevisionDetected> said, Optional<Revision> previous) {
        if (said.isEmpty()) {
            return List.of();
        }
        var before = previous.filter(one -> one.name().equals(said.get().revision()));
        if (before.isPresent()) {
            return present.changedSince(before.get());
        }
        var changes = new ArrayList<String>();
        if (!said.get().images().equals(present.images())) {
            changes.add("images %s → %s"
                    .formatted(String.join(", ", said.get().images()), String.join(", ", present.images())));
        }
        changes.addAll(present.changedConfigs(new TreeMap<>(said.get().trackedConfigs())));
        return List.copyOf(changes.isEmpty() ? List.of("pod template") : changes);
    }
}
