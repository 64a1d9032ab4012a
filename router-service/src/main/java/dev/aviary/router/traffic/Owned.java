package dev.aviary.router.traffic;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.aviary.flagger.Canary;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.api.model.OwnerReferenceBuilder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/// What every object that is made for a Canary has in common: its owner, the annotations that keep GitOps tools from
/// undoing it, and what it was before.
///
/// @see <a href="https://github.com/fluxcd/flagger/blob/main/pkg/router/router.go">Flagger's metadata</a>
public final class Owned {
    /// Spec of an object that stood before Aviary; Flagger's name for it.
    public static final String ORIGINAL = "flagger.kubernetes.io/original-configuration";

    public static final String LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";

    /// A Flux or Helm controller that owns the template leaves the object alone.
    public static final Map<String, String> HANDS_OFF = Map.of(
            "kustomize.toolkit.fluxcd.io/reconcile", "disabled", "helm.toolkit.fluxcd.io/driftDetection", "disabled");

    private static final String GROUP = "flagger.app/";
    private static final ObjectMapper JSON = new ObjectMapper();

    private Owned() {}

    public static OwnerReference reference(Canary canary) {
        return new OwnerReferenceBuilder()
                .withApiVersion("flagger.app/v1beta1")
                .withKind("Canary")
                .withName(canary.getMetadata().getName())
                .withUid(canary.getMetadata().getUid())
                .withController(true)
                .withBlockOwnerDeletion(true)
                .build();
    }

    public static boolean by(Canary canary, HasMetadata object) {
        return owners(object.getMetadata()).stream()
                .anyMatch(owner -> canary.getMetadata().getUid().equals(owner.getUid()));
    }

    /// The Canary that an object belongs to.
    public static Optional<TrafficRouter.OwnedBy> by(HasMetadata object) {
        return owners(object.getMetadata()).stream()
                .filter(owner -> "Canary".equals(owner.getKind())
                        && owner.getApiVersion() != null
                        && owner.getApiVersion().startsWith(GROUP))
                .findFirst()
                .map(owner -> new TrafficRouter.OwnedBy(object.getMetadata().getNamespace(), owner.getName()));
    }

    /// Of a new object.
    public static ObjectMeta metadata(
            Canary canary, String name, Map<String, String> labels, Map<String, String> annotations) {
        var all = new TreeMap<>(annotations);
        all.putAll(HANDS_OFF);
        return new ObjectMetaBuilder()
                .withNamespace(canary.getMetadata().getNamespace())
                .withName(name)
                .withLabels(new TreeMap<>(labels))
                .withAnnotations(all)
                .withOwnerReferences(reference(canary))
                .build();
    }

    /// Of an object that stands: labels and annotations are added, foreign ones stay.
    public static ObjectMeta metadata(ObjectMeta found, Map<String, String> labels, Map<String, String> annotations) {
        var allLabels = new HashMap<>(Optional.ofNullable(found.getLabels()).orElseGet(Map::of));
        allLabels.putAll(labels);
        var allAnnotations =
                new HashMap<>(Optional.ofNullable(found.getAnnotations()).orElseGet(Map::of));
        allAnnotations.putAll(annotations);
        allAnnotations.putAll(HANDS_OFF);
        return new ObjectMetaBuilder(found)
                .withLabels(allLabels)
                .withAnnotations(allAnnotations)
                .build();
    }

    /// Remembers what somebody else's object said, so that it can be given back; kubectl's own memory is enough.
    static ObjectMeta remembering(Canary canary, HasMetadata found, ObjectMeta metadata, Object spec) {
        var annotations = metadata.getAnnotations();
        if (by(canary, found) || annotations.containsKey(ORIGINAL) || annotations.containsKey(LAST_APPLIED)) {
            return metadata;
        }
        try {
            annotations.put(ORIGINAL, JSON.writeValueAsString(spec));
        } catch (JsonProcessingException bug) {
            throw new IllegalStateException("a spec can't be written as JSON", bug);
        }
        return metadata;
    }

    /// @return what [#remembering] wrote, or kubectl did
    static <T> Optional<T> original(HasMetadata found, Class<T> type) {
        var annotations =
                Optional.ofNullable(found.getMetadata().getAnnotations()).orElseGet(Map::of);
        try {
            if (annotations.containsKey(ORIGINAL)) {
                return Optional.of(JSON.readValue(annotations.get(ORIGINAL), type));
            }
            if (annotations.containsKey(LAST_APPLIED)) {
                var spec = JSON.readTree(annotations.get(LAST_APPLIED)).path("spec");
                return Optional.of(JSON.treeToValue(spec, type));
            }
            return Optional.empty();
        } catch (JsonProcessingException broken) {
            throw new UnservableException("%s %s/%s: what it was before can't be read from its annotation: %s"
                    .formatted(
                            found.getKind(),
                            found.getMetadata().getNamespace(),
                            found.getMetadata().getName(),
                            broken.getOriginalMessage()));
        }
    }

    /// Without anything of ours.
    static ObjectMeta forgotten(ObjectMeta found) {
        var annotations =
                new HashMap<>(Optional.ofNullable(found.getAnnotations()).orElseGet(Map::of));
        annotations.remove(ORIGINAL);
        annotations.keySet().removeAll(HANDS_OFF.keySet());
        return new ObjectMetaBuilder(found).withAnnotations(annotations).build();
    }

    private static List<OwnerReference> owners(ObjectMeta metadata) {
        return Optional.ofNullable(metadata.getOwnerReferences()).orElseGet(ArrayList::new);
    }
}
