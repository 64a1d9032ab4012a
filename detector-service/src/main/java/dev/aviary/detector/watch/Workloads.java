package dev.aviary.detector.watch;

import dev.aviary.events.Replicas;
import dev.aviary.events.WorkloadChanged;
import dev.aviary.events.WorkloadChanged.Role;
import dev.aviary.flagger.Configs;
import dev.aviary.flagger.Revision;
import io.fabric8.kubernetes.api.model.LabelSelector;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// How far a Deployment is.
final class Workloads {
    /// On the primary, with the template that it came with; the router writes it.
    static final String REVISION = "aviary.dev/revision";

    private Workloads() {}

    /// @param before revision that was said last: while a config is missing, nobody knows another one
    static WorkloadChanged target(
            String name,
            Optional<Deployment> found,
            Optional<Revision.Found> revision,
            String before,
            Collection<Pod> pods) {
        if (found.isEmpty() || revision.isEmpty()) {
            return new WorkloadChanged(
                    name,
                    Role.TARGET,
                    false,
                    "",
                    Replicas.NONE,
                    Optional.of("Deployment %s isn't there".formatted(name)));
        }
        return switch (revision.get()) {
            case Revision.Known(var known) -> seen(name, Role.TARGET, found, known.name(), pods);
            case Revision.Missing(var config) -> {
                var seen = seen(name, Role.TARGET, found, before, pods);
                var why = "%s, which its pods use, isn't there".formatted(Configs.inWords(config));
                yield new WorkloadChanged(name, Role.TARGET, true, before, seen.replicas(), Optional.of(why));
            }
        };
    }

    static WorkloadChanged primary(String name, Optional<Deployment> found, Collection<Pod> pods) {
        var revision = found.map(deployment -> deployment.getMetadata().getAnnotations())
                .map(annotations -> annotations.get(REVISION))
                .orElse("");
        return seen(name, Role.PRIMARY, found, revision, pods);
    }

    private static WorkloadChanged seen(
            String name, Role role, Optional<Deployment> found, String revision, Collection<Pod> pods) {
        if (found.isEmpty()) {
            return new WorkloadChanged(name, role, false, "", Replicas.NONE, Optional.empty());
        }
        var deployment = found.get();
        var replicas = replicas(deployment);
        boolean waiting = replicas.desired() > 0 && replicas.available() < replicas.desired();
        return new WorkloadChanged(
                name, role, true, revision, replicas, waiting ? Stuck.why(deployment, pods) : Optional.empty());
    }

    private static Replicas replicas(Deployment deployment) {
        var status = deployment.getStatus();
        // Absent in a manifest that no API server has seen: one.
        int desired = Optional.ofNullable(deployment.getSpec().getReplicas()).orElse(1);
        if (status == null) {
            return new Replicas(desired, 0, 0, 0, false);
        }
        long generation =
                Optional.ofNullable(deployment.getMetadata().getGeneration()).orElse(0L);
        return new Replicas(
                desired,
                number(status.getUpdatedReplicas()),
                number(status.getAvailableReplicas()),
                number(status.getReplicas()),
                Optional.ofNullable(status.getObservedGeneration()).orElse(-1L) >= generation);
    }

    private static int number(@Nullable Integer given) {
        return given == null ? 0 : given;
    }

    /// Whether a Deployment's selector takes these labels.
    static boolean selects(Deployment deployment, @Nullable Map<String, String> labels) {
        var selector = deployment.getSpec().getSelector();
        return selector != null && labels != null && selects(selector, labels);
    }

    private static boolean selects(LabelSelector selector, Map<String, String> labels) {
        boolean equal = Optional.ofNullable(selector.getMatchLabels()).orElse(Map.of()).entrySet().stream()
                .allMatch(wanted -> wanted.getValue().equals(labels.get(wanted.getKey())));
        return equal
                && selector.getMatchExpressions().stream().allMatch(expression -> {
                    var value = labels.get(expression.getKey());
                    return switch (expression.getOperator()) {
                        case "In" -> value != null && expression.getValues().contains(value);
                        case "NotIn" -> value == null || !expression.getValues().contains(value);
                        case "Exists" -> value != null;
                        default -> value == null;
                    };
                });
    }
}
