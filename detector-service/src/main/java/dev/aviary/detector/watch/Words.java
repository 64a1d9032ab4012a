package dev.aviary.detector.watch;

import dev.aviary.events.CanaryApplied;
import dev.aviary.events.CanaryDeleted;
import dev.aviary.events.CanaryRejected;
import dev.aviary.events.DetectorEvent;
import dev.aviary.events.OperatorCommanded;
import dev.aviary.events.RevisionDetected;
import dev.aviary.events.RolloutLabelled;
import dev.aviary.events.WorkloadChanged;

/// An event as a log line.
final class Words {
    private Words() {}

    static String of(DetectorEvent event) {
        return switch (event) {
            case CanaryApplied applied ->
                "canary applied target=%s provider=%s interval=%s"
                        .formatted(
                                applied.spec().target().name(),
                                applied.spec().provider(),
                                applied.spec().interval());
            case CanaryRejected rejected -> "canary rejected field=" + rejected.field();
            case CanaryDeleted deleted -> "canary deleted revert=" + deleted.revertOnDeletion();
            case RevisionDetected detected ->
                "revision detected revision=%s images=%s changed=\"%s\""
                        .formatted(
                                detected.revision(),
                                String.join(",", detected.images()),
                                String.join(", ", detected.changed()));
            case WorkloadChanged changed ->
                "workload changed workload=%s role=%s desired=%d updated=%d available=%d%s"
                        .formatted(
                                changed.workload(),
                                changed.role(),
                                changed.replicas().desired(),
                                changed.replicas().updated(),
                                changed.replicas().available(),
                                changed.stuck().map(" stuck=\"%s\""::formatted).orElse(""));
            case OperatorCommanded command ->
                "operator commanded verb=%s by=%s id=%s"
                        .formatted(command.verb().word(), command.by(), command.id());
            case RolloutLabelled label ->
                "rollout labelled rollout=%d outcome=%s by=%s id=%s"
                        .formatted(label.rollout(), label.outcome().word(), label.by(), label.id());
        };
    }
}
