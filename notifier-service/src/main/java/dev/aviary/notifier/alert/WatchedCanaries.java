package dev.aviary.notifier.alert;

import dev.aviary.events.CanaryKey;
import dev.aviary.flagger.Canary;
import dev.aviary.notifier.NotifierConfig;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import jakarta.annotation.PreDestroy;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.Optional;

/// Kept by a watch, so that an API server that is away holds up no alert.
@ApplicationScoped
public class WatchedCanaries implements Canaries {
    private final SharedIndexInformer<Canary> watch;

    public WatchedCanaries(KubernetesClient kubernetes, NotifierConfig config) {
        var canaries = kubernetes.resources(Canary.class);
        watch = config.namespace()
                .map(namespace -> canaries.inNamespace(namespace).inform())
                .orElseGet(() -> canaries.inAnyNamespace().inform());
    }

    @Override
    public Optional<Canary> find(CanaryKey key) {
        return Optional.ofNullable(watch.getStore().getByKey(key.namespace() + "/" + key.name()));
    }

    @PreDestroy
    void stop() {
        watch.close();
    }
}
