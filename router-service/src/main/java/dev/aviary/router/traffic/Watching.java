package dev.aviary.router.traffic;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.KubernetesResourceList;
import io.fabric8.kubernetes.client.dsl.MixedOperation;
import io.fabric8.kubernetes.client.dsl.Resource;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import java.util.Optional;
import java.util.function.Consumer;

/// Says which Canary's object changed, appeared or went; what it is now, the listener reads itself.
public final class Watching {
    private Watching() {}

    /// @throws io.fabric8.kubernetes.client.KubernetesClientException if the cluster doesn't serve such objects
    public static <T extends HasMetadata, L extends KubernetesResourceList<T>, R extends Resource<T>> AutoCloseable of(
            MixedOperation<T, L, R> objects, Optional<String> namespace, Consumer<TrafficRouter.OwnedBy> changed) {
        var handler = new ResourceEventHandler<T>() {
            @Override
            public void onAdd(T object) {
                Owned.by(object).ifPresent(changed);
            }

            @Override
            public void onUpdate(T before, T object) {
                if (!before.getMetadata()
                        .getResourceVersion()
                        .equals(object.getMetadata().getResourceVersion())) {
                    Owned.by(object).ifPresent(changed);
                }
            }

            @Override
            public void onDelete(T object, boolean lastStateIsUnknown) {
                Owned.by(object).ifPresent(changed);
            }
        };
        var informer = namespace.isPresent()
                ? objects.inNamespace(namespace.get()).inform(handler)
                : objects.inAnyNamespace().inform(handler);
        return informer;
    }
}
