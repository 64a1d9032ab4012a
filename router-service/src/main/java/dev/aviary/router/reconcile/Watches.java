package dev.aviary.router.reconcile;

import dev.aviary.events.CanaryKey;
import dev.aviary.flagger.Canary;
import dev.aviary.router.traffic.TrafficRouter;
import dev.aviary.router.traffic.Watching;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import java.time.Duration;
import java.util.Collection;
import java.util.Optional;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jboss.logging.Logger;

/// Tells the reconciler when something that it made, or the Canary that it made it for, has changed.
public final class Watches implements AutoCloseable {
    private static final Duration PAUSE = Duration.ofMinutes(1);
    private static final Logger LOG = Logger.getLogger(Watches.class);

    private final KubernetesClient kube;
    private final BiConsumer<Duration, Runnable> later;
    private final Optional<String> namespace;
    private final Consumer<TrafficRouter.OwnedBy> changed;
    private final ConcurrentLinkedQueue<AutoCloseable> open = new ConcurrentLinkedQueue<>();

    public Watches(
            KubernetesClient kube,
            BiConsumer<Duration, Runnable> later,
            Optional<String> namespace,
            Function<TrafficRouter.OwnedBy, CanaryKey> key,
            Reconciler reconciler) {
        this.kube = kube;
        this.later = later;
        this.namespace = namespace;
        this.changed = owner -> reconciler.changed(key.apply(owner));
    }

    /// @throws KubernetesClientException if Canaries can't be watched
    public void start(Collection<TrafficRouter> routers) {
        open.add(canaries());
        open.add(Watching.of(kube.services(), namespace, changed));
        routers.forEach(this::start);
    }

    /// A mesh that isn't installed may come later.
    private void start(TrafficRouter router) {
        try {
            open.add(router.watch(namespace, changed));
        } catch (KubernetesClientException missing) {
            LOG.debugf("routes of %s not watched why=\"%s\"", router.providers(), Refusal.sentence(missing));
            later.accept(PAUSE, () -> start(router));
        }
    }

    /// What a Canary says of its service is in the routes and Services; its status isn't.
    private AutoCloseable canaries() {
        var handler = new ResourceEventHandler<Canary>() {
            @Override
            public void onAdd(Canary canary) {
                tell(canary);
            }

            @Override
            public void onUpdate(Canary before, Canary canary) {
                if (!before.getMetadata()
                        .getGeneration()
                        .equals(canary.getMetadata().getGeneration())) {
                    tell(canary);
                }
            }

            @Override
            public void onDelete(Canary canary, boolean lastStateIsUnknown) {}
        };
        var canaries = kube.resources(Canary.class);
        var informer = namespace.isPresent()
                ? canaries.inNamespace(namespace.get()).inform(handler)
                : canaries.inAnyNamespace().inform(handler);
        return informer;
    }

    private void tell(Canary canary) {
        changed.accept(new TrafficRouter.OwnedBy(
                canary.getMetadata().getNamespace(), canary.getMetadata().getName()));
    }

    @Override
    public void close() {
        open.forEach(watch -> {
            try {
                watch.close();
            } catch (Exception late) {
                LOG.debugf("a watch didn't close why=\"%s\"", late.getMessage());
            }
        });
    }
}
