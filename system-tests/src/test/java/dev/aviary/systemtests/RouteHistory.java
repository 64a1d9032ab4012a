package dev.aviary.systemtests;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.Watch;
import io.fabric8.kubernetes.client.Watcher;
import io.fabric8.kubernetes.client.WatcherException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;

/// The canary's weights on an HTTPRoute, each that the API server ever had, from a watch on it.
final class RouteHistory implements AutoCloseable {
    private final List<Integer> weights = new CopyOnWriteArrayList<>();
    private final Watch watch;

    private RouteHistory(KubernetesClient kube, String namespace) {
        this.watch = kube.genericKubernetesResources("gateway.networking.k8s.io/v1", "HTTPRoute")
                .inNamespace(namespace)
                .watch(new Watcher<>() {
                    @Override
                    public void eventReceived(Action action, GenericKubernetesResource route) {
                        if (action == Action.ADDED || action == Action.MODIFIED) {
                            saw(weight(route));
                        }
                    }

                    @Override
                    public void onClose(WatcherException cause) {
                        weights.add(-1); // a gap: no test may pass with it
                    }
                });
    }

    static RouteHistory of(KubernetesClient kube, String namespace) {
        return new RouteHistory(kube, namespace);
    }

    private void saw(int weight) {
        if (weights.isEmpty() || weights.getLast() != weight) {
            weights.add(weight);
        }
    }

    private static int weight(GenericKubernetesResource route) {
        List<Map<String, Object>> backends = route.get("spec", "rules", 0, "backendRefs");
        return backends.stream()
                .filter(backend -> String.valueOf(backend.get("name")).endsWith("-canary"))
                .mapToInt(backend -> ((Number) backend.get("weight")).intValue())
                .sum();
    }

    /// In their order; a weight that was written again stands once.
    List<Integer> weights() {
        return List.copyOf(weights);
    }

    @Override
    public void close() {
        watch.close();
    }
}
