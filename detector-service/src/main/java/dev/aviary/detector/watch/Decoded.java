package dev.aviary.detector.watch;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/// Objects as their Java class, each version decoded once.
final class Decoded<T> {
    private record Version<T>(String uid, String resourceVersion, T object) {}

    private final KubernetesSerialization serialization;
    private final Class<T> type;
    private final Map<String, Version<T>> known = new ConcurrentHashMap<>();

    Decoded(KubernetesSerialization serialization, Class<T> type) {
        this.serialization = serialization;
        this.type = type;
    }

    /// Empty if it can't be decoded.
    Optional<T> readable(GenericKubernetesResource found) {
        try {
            return Optional.of(decode(found));
        } catch (IllegalArgumentException _) {
            return Optional.empty();
        }
    }

    /// @throws IllegalArgumentException if a field has another type than it should have
    T decode(GenericKubernetesResource found) {
        var uid = String.valueOf(found.getMetadata().getUid());
        var resourceVersion = String.valueOf(found.getMetadata().getResourceVersion());
        var version = known.get(Looking.key(found));
        if (version == null
                || !version.uid().equals(uid)
                || !version.resourceVersion().equals(resourceVersion)) {
            version = new Version<>(uid, resourceVersion, serialization.convertValue(found, type));
            known.put(Looking.key(found), version);
        }
        return version.object();
    }
}
