package dev.aviary.detector.watch;

import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import java.util.Collection;
import java.util.Comparator;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Why a workload doesn't become ready, in the kubelet's words, without what changes from one try to the next.
final class Stuck {
    private static final int LONGEST = 300;
    private static final Pattern SPACE = Pattern.compile("\\s+");

    private Stuck() {}

    static Optional<String> why(Deployment deployment, Collection<Pod> pods) {
        return pods.stream()
                .filter(pod -> pod.getMetadata().getDeletionTimestamp() == null)
                .sorted(Comparator.comparing(Stuck::created).reversed())
                .flatMap(pod -> why(pod).stream())
                .findFirst()
                .or(() -> refused(deployment));
    }

    private static String created(Pod pod) {
        return Optional.ofNullable(pod.getMetadata().getCreationTimestamp()).orElse("");
    }

    private static Optional<String> why(Pod pod) {
        var status = pod.getStatus();
        if (status == null) {
            return Optional.empty();
        }
        var containers = Stream.concat(
                        status.getInitContainerStatuses().stream(), status.getContainerStatuses().stream())
                .flatMap(container -> why(container).stream())
                .findFirst();
        return containers.or(() -> status.getConditions().stream()
                .filter(condition ->
                        "PodScheduled".equals(condition.getType()) && "False".equals(condition.getStatus()))
                .map(condition -> sentence(condition.getReason(), condition.getMessage()))
                .findFirst());
    }

    private static Optional<String> why(ContainerStatus container) {
        var state = container.getState();
        if (state == null || Boolean.TRUE.equals(container.getReady())) {
            return Optional.empty();
        }
        var waiting = state.getWaiting();
        if (waiting != null && waiting.getReason() != null) {
            return switch (waiting.getReason()) {
                case "ContainerCreating", "PodInitializing" -> Optional.empty();
                case "CrashLoopBackOff" -> Optional.of("CrashLoopBackOff: " + ended(container));
                default ->
                    Optional.of("%s: container %s: %s"
                            .formatted(waiting.getReason(), container.getName(), shortened(waiting.getMessage())));
            };
        }
        if (state.getTerminated() != null
                && !Integer.valueOf(0).equals(state.getTerminated().getExitCode())) {
            return Optional.of(ended(
                    container.getName(),
                    state.getTerminated().getExitCode(),
                    state.getTerminated().getReason()));
        }
        return state.getRunning() != null
                        && !container.getName().isEmpty()
                        && Boolean.FALSE.equals(container.getReady())
                ? Optional.of("container %s runs, but isn't ready".formatted(container.getName()))
                : Optional.empty();
    }

    private static String ended(ContainerStatus container) {
        var last = container.getLastState() == null
                ? null
                : container.getLastState().getTerminated();
        return last == null
                ? "container %s ends again and again".formatted(container.getName())
                : ended(container.getName(), last.getExitCode(), last.getReason());
    }

    private static String ended(String container, @Nullable Integer status, @Nullable String reason) {
        return "container %s ended with status %s%s"
                .formatted(container, status, reason == null || reason.equals("Error") ? "" : " (" + reason + ")");
    }

    /// Nobody could even make a pod: a quota, a webhook.
    private static Optional<String> refused(Deployment deployment) {
        return deployment.getStatus() == null
                ? Optional.empty()
                : deployment.getStatus().getConditions().stream()
                        .filter(condition ->
                                "ReplicaFailure".equals(condition.getType()) && "True".equals(condition.getStatus()))
                        .map(condition -> sentence(condition.getReason(), condition.getMessage()))
                        .findFirst();
    }

    private static String sentence(@Nullable String reason, @Nullable String message) {
        return "%s: %s".formatted(reason, shortened(message));
    }

    private static String shortened(@Nullable String message) {
        var text = SPACE.matcher(message == null ? "" : message).replaceAll(" ").strip();
        return text.length() <= LONGEST ? text : text.substring(0, LONGEST) + " ...";
    }
}
