package dev.aviary.detector.watch;

import dev.aviary.events.CanaryApplied;
import dev.aviary.events.CanaryDeleted;
import dev.aviary.events.CanaryRejected;
import dev.aviary.events.DetectorEvent;
import dev.aviary.events.OperatorCommanded;
import dev.aviary.events.RevisionDetected;
import dev.aviary.events.WorkloadChanged;
import dev.aviary.events.WorkloadChanged.Role;
import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;

/// What was said of a canary last, as the log has it: whatever differs from it now is news, and nothing else is.
///
/// @param rejected cleared by the next that makes sense
/// @param deleted  the Canary is gone, or going
/// @param command  id of the last one
public record Said(
        Optional<CanaryApplied> applied,
        Optional<CanaryRejected> rejected,
        Optional<RevisionDetected> revision,
        Map<Role, WorkloadChanged> workloads,
        Optional<CanaryDeleted> deleted,
        String command) {
    public static final Said NOTHING =
            new Said(Optional.empty(), Optional.empty(), Optional.empty(), Map.of(), Optional.empty(), "");

    public Said after(DetectorEvent event) {
        return switch (event) {
            case CanaryApplied now ->
                new Said(
                        Optional.of(now),
                        Optional.empty(),
                        deleted.isPresent() ? Optional.empty() : revision,
                        deleted.isPresent() ? Map.of() : workloads,
                        Optional.empty(),
                        command);
            case CanaryRejected now -> new Said(applied, Optional.of(now), revision, workloads, deleted, command);
            case CanaryDeleted now -> new Said(applied, rejected, revision, workloads, Optional.of(now), command);
            case RevisionDetected now -> new Said(applied, rejected, Optional.of(now), workloads, deleted, command);
            case WorkloadChanged now -> {
                var next = new EnumMap<Role, WorkloadChanged>(Role.class);
                next.putAll(workloads);
                next.put(now.role(), now);
                yield new Said(applied, rejected, revision, Collections.unmodifiableMap(next), deleted, command);
            }
            case OperatorCommanded now -> new Said(applied, rejected, revision, workloads, deleted, now.id());
        };
    }
}
