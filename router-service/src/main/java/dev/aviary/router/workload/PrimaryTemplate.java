package dev.aviary.router.workload;

import dev.aviary.router.workload.Configs.Ref;
import io.fabric8.kubernetes.api.model.LabelSelectorBuilder;
import io.fabric8.kubernetes.api.model.LabelSelectorRequirementBuilder;
import io.fabric8.kubernetes.api.model.PodAntiAffinityBuilder;
import io.fabric8.kubernetes.api.model.PodTemplateSpec;
import io.fabric8.kubernetes.api.model.PodTemplateSpecBuilder;
import io.fabric8.kubernetes.api.model.TopologySpreadConstraintBuilder;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/// The target's pod template as the primary runs it: another label, its own configs, apart from its own like.
final class PrimaryTemplate {
    /// Which revision a template is of: the detector reads it back from the primary.
    static final String REVISION = "aviary.dev/revision";

    private PrimaryTemplate() {}

    /// @param selectorLabels keys whose value, where it is the target's name, means the target's pods
    static PodTemplateSpec of(
            PodTemplateSpec target,
            String targetName,
            WorkloadController.Pods pods,
            Set<Ref> copied,
            List<String> selectorLabels,
            String revision) {
        var renamed = Configs.renamed(target, copied);
        var labels = new TreeMap<>(
                Optional.ofNullable(target.getMetadata().getLabels()).orElseGet(TreeMap::new));
        labels.put(pods.label(), pods.primary());
        var annotations = new TreeMap<>(
                Optional.ofNullable(target.getMetadata().getAnnotations()).orElseGet(TreeMap::new));
        annotations.put(REVISION, revision);
        return new PodTemplateSpecBuilder(renamed)
                .editMetadata()
                .withLabels(labels)
                .withAnnotations(annotations)
                .endMetadata()
                .accept(
                        PodAntiAffinityBuilder.class,
                        apart -> apart.accept(
                                LabelSelectorBuilder.class, at -> fromItsOwn(at, targetName, selectorLabels)))
                .accept(
                        TopologySpreadConstraintBuilder.class,
                        spread -> spread.accept(
                                LabelSelectorBuilder.class, at -> fromItsOwn(at, targetName, selectorLabels)))
                .build();
    }

    private static void fromItsOwn(LabelSelectorBuilder selector, String name, List<String> keys) {
        if (selector.getMatchLabels() != null) {
            var labels = new TreeMap<>(selector.getMatchLabels());
            labels.replaceAll((key, value) -> keys.contains(key) && value.equals(name) ? name + "-primary" : value);
            selector.withMatchLabels(labels);
        }
        selector.accept(LabelSelectorRequirementBuilder.class, at -> {
            if (keys.contains(at.getKey()) && at.getValues() != null) {
                at.withValues(at.getValues().stream()
                        .map(value -> value.equals(name) ? name + "-primary" : value)
                        .toList());
            }
        });
    }
}
