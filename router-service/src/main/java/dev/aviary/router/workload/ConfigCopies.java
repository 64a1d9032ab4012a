package dev.aviary.router.workload;

import dev.aviary.flagger.Canary;
import dev.aviary.router.traffic.Fence;
import dev.aviary.router.traffic.FencedWriter;
import dev.aviary.router.traffic.Owned;
import dev.aviary.router.workload.Configs.Ref;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.api.model.OwnerReferenceBuilder;
import io.fabric8.kubernetes.api.model.PodTemplateSpec;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/// The primary's own ConfigMaps and Secrets, copied at each promotion: a change of the originals is a new revision,
/// and goes the same way as one.
///
/// @see <a href="https://docs.flagger.app/usage/how-it-works#canary-target">Flagger: config tracking</a>
@ApplicationScoped
public class ConfigCopies {
    private final KubernetesClient kube;
    private final FencedWriter writer;

    public ConfigCopies(KubernetesClient kube, FencedWriter writer) {
        this.kube = kube;
        this.writer = writer;
    }

    /// Those that a template names, as they are at one moment: what is compared is what is copied.
    ///
    /// @param tracked those whose copies the primary is to use
    /// @param checksums of all that are there, by `configmap/name` or `secret/name`; empty if it isn't tracked
    public record Originals(SortedMap<Ref, HasMetadata> tracked, Map<String, Optional<String>> checksums) {}

    /// @param tracks false: nothing is tracked, every reference stays as it is
    public Originals read(Canary canary, PodTemplateSpec template, boolean tracks) {
        var tracked = new TreeMap<Ref, HasMetadata>();
        var checksums = new TreeMap<String, Optional<String>>();
        Configs.of(template)
                .keySet()
                .forEach(ref -> original(canary, ref).ifPresent(config -> {
                    var checksum = tracks ? checksum(config) : Optional.<String>empty();
                    checksums.put(ref.key(), checksum);
                    if (checksum.isPresent()) {
                        tracked.put(ref, config);
                    }
                }));
        return new Originals(tracked, checksums);
    }

    /// @return those that have a copy now
    public Set<Ref> write(Canary canary, Originals originals, LabelPrefixes labels, Fence fence) {
        originals.tracked().values().forEach(config -> copy(canary, config, labels, fence));
        return originals.tracked().keySet();
    }

    private static Optional<String> checksum(HasMetadata config) {
        return switch (config) {
            case Secret secret -> dev.aviary.flagger.Configs.checksum(secret);
            case ConfigMap map -> dev.aviary.flagger.Configs.checksum(map);
            default -> Optional.empty();
        };
    }

    private Optional<HasMetadata> original(Canary canary, Ref ref) {
        var namespace = canary.getMetadata().getNamespace();
        return Optional.ofNullable(
                switch (ref.kind()) {
                    case CONFIG_MAP ->
                        kube.configMaps()
                                .inNamespace(namespace)
                                .withName(ref.name())
                                .get();
                    case SECRET ->
                        kube.secrets()
                                .inNamespace(namespace)
                                .withName(ref.name())
                                .get();
                });
    }

    private void copy(Canary canary, HasMetadata config, LabelPrefixes labels, Fence fence) {
        var namespace = canary.getMetadata().getNamespace();
        var name = config.getMetadata().getName() + "-primary";
        if (config instanceof Secret secret) {
            writer.keep(
                    kube.secrets().inNamespace(namespace).withName(name),
                    fence,
                    found -> new SecretBuilder(found.orElseGet(Secret::new))
                            .withMetadata(metadata(canary, config, name, labels, found))
                            .withType(secret.getType())
                            .withData(secret.getData())
                            .build());
        } else if (config instanceof ConfigMap map) {
            writer.keep(
                    kube.configMaps().inNamespace(namespace).withName(name),
                    fence,
                    found -> new ConfigMapBuilder(found.orElseGet(ConfigMap::new))
                            .withMetadata(metadata(canary, config, name, labels, found))
                            .withData(map.getData())
                            .withBinaryData(map.getBinaryData())
                            .build());
        }
    }

    private static ObjectMeta metadata(
            Canary canary,
            HasMetadata config,
            String name,
            LabelPrefixes labels,
            Optional<? extends HasMetadata> found) {
        return new ObjectMetaBuilder(found.map(HasMetadata::getMetadata).orElseGet(ObjectMeta::new))
                .withNamespace(canary.getMetadata().getNamespace())
                .withName(name)
                .withLabels(labels.of(config.getMetadata().getLabels()))
                .withOwnerReferences(owners(canary, config))
                .build();
    }

    /// Who owns the original owns its copy too, but only the Canary leads it.
    private static List<OwnerReference> owners(Canary canary, HasMetadata config) {
        var owners = new ArrayList<OwnerReference>();
        owners.add(Owned.reference(canary));
        Optional.ofNullable(config.getMetadata().getOwnerReferences()).orElseGet(List::of).stream()
                .filter(owner -> !canary.getMetadata().getUid().equals(owner.getUid()))
                .map(owner ->
                        new OwnerReferenceBuilder(owner).withController(false).build())
                .forEach(owners::add);
        return owners;
    }
}
