package dev.aviary.detector.watch;

import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/// Why a workload's pods aren't ready, in the kubelet's own words.
final class Stuck {
    private Stuck() {}

    /// Of the youngest pod that isn't ready.
    static Optional<String> why(Deployment workload, Collection<Pod> pods) {
        var labels = Optional.ofNullable(workload.getSpec().getSelector().getMatchLabels())
                .orElse(Map.of());
        return pods.stream()
                .filter(pod -> pod.getMetadata().getDeletionTimestamp() == null)
                .filter(pod -> Optional.ofNullable(pod.getMetadata().getLabels())
                        .orElse(Map.of())
                        .entrySet()
                        .containsAll(labels.entrySet()))
                .sorted(Comparator.comparing((Pod pod) -> Optional.ofNullable(
                                        pod.getMetadata().getCreationTimestamp())
                                .orElse(""))
                        .reversed())
                .flatMap(pod -> reason(pod).stream())
                .findFirst();
    }

    private static Optional<String> reason(Pod pod) {
        if (pod.getStatus() == null) {
            return Optional.empty();
        }
        return statuses(pod)
                .flatMap(status -> waiting(pod, status).stream())
                .findFirst()
                .or(() -> unscheduled(pod))
                .or(() -> unready(pod));
    }

    private static Stream<ContainerStatus> statuses(Pod pod) {
        return Stream.concat(
                Optional.ofNullable(pod.getStatus().getInitContainerStatuses()).orElse(List.of()).stream(),
                Optional.ofNullable(pod.getStatus().getContainerStatuses()).orElse(List.of()).stream());
    }

    private static Optional<String> waiting(Pod pod, ContainerStatus status) {
        return Optional.ofNullable(status.getState())
                .map(state -> state.getWaiting())
                .filter(waiting -> waiting.getReason() != null)
                .filter(waiting ->
                        !List.of("ContainerCreating", "PodInitializing").contains(waiting.getReason()))
                .map(waiting -> "pod %s, container %s: %s%s"
                        .formatted(
                                pod.getMetadata().getName(),
                                status.getName(),
                                waiting.getReason(),
                                waiting.getMessage() == null ? "" : ": " + waiting.getMessage()));
    }

    private static Optional<String> unscheduled(Pod pod) {
        return condition(pod, "PodScheduled")
                .map(why -> "pod %s can't be scheduled: %s"
                        .formatted(pod.getMetadata().getName(), why));
    }

    private static Optional<String> unready(Pod pod) {
        return condition(pod, "ContainersReady")
                .map(why -> "pod %s isn't ready: %s".formatted(pod.getMetadata().getName(), why));
    }

    private static Optional<String> condition(Pod pod, String type) {
        return Optional.ofNullable(pod.getStatus().getConditions()).orElse(List.of()).stream()
                .filter(condition -> type.equals(condition.getType()) && "False".equals(condition.getStatus()))
                .map(condition -> Optional.ofNullable(condition.getMessage())
                        .or(() -> Optional.ofNullable(condition.getReason()))
                        .orElse("no reason was given"))
                .findFirst();
    }
}
