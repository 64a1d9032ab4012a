package dev.aviary.detector.watch;

import dev.aviary.events.CanaryApplied;
import dev.aviary.events.CanaryDeleted;
import dev.aviary.events.CanaryRejected;
import dev.aviary.events.DetectorEvent;
import dev.aviary.events.OperatorCommanded;
import dev.aviary.events.RevisionDetected;
import dev.aviary.events.RolloutLabelled;
import dev.aviary.events.WorkloadChanged;
import dev.aviary.events.WorkloadChanged.Role;
import java.time.Instant;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;

/// What the log knows of one canary by the detector's own word. Known from the log alone, so a restart neither loses
/// nor invents anything.
///
/// @param count     of what was said, so that a fact that comes back gets another id than the first time
/// @param since     when this Canary was first applied, by the log's time
/// @param rejected  unless something was applied since
/// @param workloads the last of each role
/// @param command   id of the last one, a label too; it outlives the Canary, since a manifest may bring it back
public record Said(
        long count,
        Optional<CanaryApplied> applied,
        Optional<Instant> since,
        Optional<CanaryRejected> rejected,
        boolean deleted,
        Optional<RevisionDetected> revision,
        Map<Role, WorkloadChanged> workloads,
        String command) {
    public static final Said NOTHING =
            new Said(0, Optional.empty(), Optional.empty(), Optional.empty(), false, Optional.empty(), Map.of(), "");

    /// What is known after one more event.
    ///
    /// @param now of its record
    public Said and(DetectorEvent event, Instant now) {
        return switch (event) {
            case CanaryApplied next -> {
                boolean same = applied.filter(before -> before.uid().equals(next.uid()))
                        .isPresent();
                yield same && !deleted
                        ? new Said(
                                count + 1,
                                Optional.of(next),
                                since,
                                Optional.empty(),
                                false,
                                revision,
                                workloads,
                                command)
                        : new Said(
                                count + 1,
                                Optional.of(next),
                                Optional.of(now),
                                Optional.empty(),
                                false,
                                Optional.empty(),
                                Map.of(),
                                command);
            }
            case CanaryRejected next ->
                new Said(count + 1, applied, since, Optional.of(next), deleted, revision, workloads, command);
            case CanaryDeleted _ ->
                new Said(count + 1, applied, since, Optional.empty(), true, revision, workloads, command);
            case RevisionDetected next ->
                new Said(count + 1, applied, since, rejected, deleted, Optional.of(next), workloads, command);
            case WorkloadChanged next -> {
                var all = new EnumMap<Role, WorkloadChanged>(Role.class);
                all.putAll(workloads);
                all.put(next.role(), next);
                yield new Said(count + 1, applied, since, rejected, deleted, revision, Map.copyOf(all), command);
            }
            case OperatorCommanded next ->
                new Said(count + 1, applied, since, rejected, deleted, revision, workloads, next.id());
            case RolloutLabelled next ->
                new Said(count + 1, applied, since, rejected, deleted, revision, workloads, next.id());
        };
    }

    /// Something of it is or was there, and isn't said to be gone.
    public boolean stands() {
        return applied.isPresent() && !deleted;
    }
}
