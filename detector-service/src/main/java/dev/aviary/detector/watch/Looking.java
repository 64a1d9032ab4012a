package dev.aviary.detector.watch;

import com.fasterxml.jackson.databind.JsonMappingException;
import dev.aviary.detector.watch.Seen.Command;
import dev.aviary.detector.watch.Seen.Leaving;
import dev.aviary.events.CanaryApplied;
import dev.aviary.events.RevisionDetected;
import dev.aviary.flagger.Canary;
import dev.aviary.flagger.CanarySpecs;
import dev.aviary.flagger.CanarySpecs.Around;
import dev.aviary.flagger.CanarySpecs.Rejected;
import dev.aviary.flagger.CanarySpecs.Resolution;
import dev.aviary.flagger.CanarySpecs.Resolved;
import dev.aviary.flagger.MetricTemplate;
import dev.aviary.flagger.Revision;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.ManagedFieldsEntry;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/// From the cluster's objects to what they show of one Canary.
final class Looking {
    private static final String FINALIZER = "finalizer.flagger.app";
    private static final String ID = "aviary.dev/command-id";

    private final Cluster cluster;
    private final CanarySpecs.Settings settings;
    private final boolean configTracking;
    private final Decoded<Canary> canaries;
    private final Decoded<MetricTemplate> templates;

    Looking(
            Cluster cluster,
            CanarySpecs.Settings settings,
            boolean configTracking,
            KubernetesSerialization serialization) {
        this.cluster = cluster;
        this.settings = settings;
        this.configTracking = configTracking;
        canaries = new Decoded<>(serialization, Canary.class);
        templates = new Decoded<>(serialization, MetricTemplate.class);
    }

    /// @param said what was applied before holds while the Canary is rejected
    Optional<Seen> at(String namespace, String name, Said said) {
        return cluster.canary(namespace, name).map(found -> seen(found, said));
    }

    private Seen seen(GenericKubernetesResource found, Said said) {
        var metadata = found.getMetadata();
        var resolution = resolved(found);
        var holds = resolution instanceof Resolved(var spec, var _)
                ? Optional.of(spec)
                : said.applied().map(CanaryApplied::spec);
        var target = holds.map(spec -> spec.target());
        var deployment = target.flatMap(one -> cluster.deployment(metadata.getNamespace(), one.name()));
        var revision = deployment.map(one -> Revision.of(
                one.getSpec().getTemplate(),
                configTracking
                        ? cluster.configs(metadata.getNamespace())
                        : untracked(one.getSpec().getTemplate())));
        var primary = target.flatMap(one -> cluster.deployment(metadata.getNamespace(), one.primary()));
        return new Seen(
                metadata.getUid(),
                Optional.ofNullable(metadata.getGeneration()).orElse(0L),
                leaving(metadata),
                resolution,
                revision,
                target.map(one -> List.of(
                                Workloads.target(
                                        one.name(),
                                        deployment,
                                        revision,
                                        said.revision()
                                                .map(RevisionDetected::revision)
                                                .orElse(""),
                                        deployment.map(cluster::pods).orElse(List.<Pod>of())),
                                Workloads.primary(
                                        one.primary(),
                                        primary,
                                        primary.map(cluster::pods).orElse(List.<Pod>of()))))
                        .orElse(List.of()),
                command(metadata));
    }

    private static Map<String, Optional<String>> untracked(io.fabric8.kubernetes.api.model.PodTemplateSpec template) {
        return dev.aviary.flagger.Configs.references(template).keySet().stream()
                .collect(Collectors.toMap(key -> key, _ -> Optional.empty()));
    }

    private Resolution resolved(GenericKubernetesResource found) {
        var namespace = found.getMetadata().getNamespace();
        try {
            var around = new Around(readable(templates, cluster.templates()), others(namespace));
            return CanarySpecs.resolve(canaries.decode(found), around, settings);
        } catch (IllegalArgumentException e) {
            return unreadable(namespace, found.getMetadata().getName(), e);
        }
    }

    private List<Canary> others(String namespace) {
        return List.copyOf(readable(canaries, cluster.canaries(namespace)).values());
    }

    /// By `namespace/name`. One that can't be decoded isn't there: it is told so when it is looked at itself.
    private static <T> Map<String, T> readable(Decoded<T> decoded, List<GenericKubernetesResource> found) {
        var all = new HashMap<String, T>();
        for (var one : found) {
            decoded.readable(one).ifPresent(object -> all.put(key(one), object));
        }
        return all;
    }

    private static Rejected unreadable(String namespace, String name, IllegalArgumentException e) {
        if (!(e.getCause() instanceof JsonMappingException bad)) {
            return CanarySpecs.unreadable(namespace, name, "spec", "can't be read");
        }
        var path = bad.getPath().stream()
                .map(step -> step.getFieldName() == null ? "[" + step.getIndex() + "]" : "." + step.getFieldName())
                .collect(Collectors.joining());
        return CanarySpecs.unreadable(
                namespace, name, path.isEmpty() ? "spec" : path.substring(1), "is of another type than it should be");
    }

    private static Leaving leaving(ObjectMeta metadata) {
        if (metadata.getDeletionTimestamp() == null) {
            return Leaving.NO;
        }
        return metadata.getFinalizers() != null && metadata.getFinalizers().contains(FINALIZER)
                ? Leaving.AFTER_REVERT
                : Leaving.AT_ONCE;
    }

    private static Optional<Command> command(ObjectMeta metadata) {
        var annotations = Optional.ofNullable(metadata.getAnnotations()).orElse(Map.of());
        return Optional.ofNullable(annotations.get(ID))
                .map(id -> new Command(
                        id,
                        annotations.getOrDefault("aviary.dev/command", ""),
                        annotations.getOrDefault("aviary.dev/command-by", ""),
                        annotations.getOrDefault("aviary.dev/command-why", ""),
                        annotations.getOrDefault("aviary.dev/command-rollout", ""),
                        annotations.getOrDefault("aviary.dev/command-outcome", ""),
                        written(metadata)));
    }

    /// When its owner wrote the command's id last, as the API server keeps it for each field.
    private static Optional<Instant> written(ObjectMeta metadata) {
        return Optional.ofNullable(metadata.getManagedFields()).orElse(List.of()).stream()
                .filter(entry -> entry.getFieldsV1() != null
                        && entry.getFieldsV1().toString().contains("f:" + ID)
                        && entry.getTime() != null)
                .map(ManagedFieldsEntry::getTime)
                .max(Comparator.naturalOrder())
                .flatMap(Looking::instant);
    }

    private static Optional<Instant> instant(String text) {
        try {
            return Optional.of(Instant.parse(text));
        } catch (DateTimeParseException _) {
            return Optional.empty();
        }
    }

    /// The Canaries whose look may change with this object, as `namespace/name`.
    List<String> concerned(HasMetadata changed) {
        var namespace =
                Optional.ofNullable(changed.getMetadata().getNamespace()).orElse("");
        var name = changed.getMetadata().getName();
        return switch (changed.getKind() == null ? "" : changed.getKind()) {
            case "MetricTemplate" ->
                cluster.canaries().stream().map(Looking::key).toList();
            case "Deployment" -> of(targets(namespace), name);
            case "Pod" -> {
                var labels = changed.getMetadata().getLabels();
                yield targets(namespace).entrySet().stream()
                        .filter(entry -> entry.getValue().stream()
                                .flatMap(workload -> cluster.deployment(namespace, workload).stream())
                                .anyMatch(deployment -> Workloads.selects(deployment, labels)))
                        .map(Map.Entry::getKey)
                        .toList();
            }
            default -> {
                var all = new ArrayList<>(
                        cluster.canaries(namespace).stream().map(Looking::key).toList());
                all.add(namespace + "/" + name); // it may be gone
                yield all;
            }
        };
    }

    private static List<String> of(Map<String, List<String>> targets, String workload) {
        return targets.entrySet().stream()
                .filter(entry -> entry.getValue().contains(workload))
                .map(Map.Entry::getKey)
                .toList();
    }

    /// By Canary, the names of target and primary.
    private Map<String, List<String>> targets(String namespace) {
        var targets = new HashMap<String, List<String>>();
        for (var canary : cluster.canaries(namespace)) {
            Object name = canary.get("spec", "targetRef", "name");
            if (name instanceof String target) {
                targets.put(key(canary), List.of(target, target + "-primary"));
            }
        }
        return targets;
    }

    static String key(HasMetadata object) {
        return object.getMetadata().getNamespace() + "/" + object.getMetadata().getName();
    }
}
