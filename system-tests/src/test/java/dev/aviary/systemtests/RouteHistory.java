package dev.aviary.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.Watch;
import io.fabric8.kubernetes.client.Watcher;
import io.fabric8.kubernetes.client.WatcherException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;
import java.util.function.ToIntFunction;

/// The canary's weights on each route of a namespace, each that the API server ever had, from a watch on them.
final class RouteHistory implements AutoCloseable {
    private static final int GAP = -1;
    private final Map<String, List<Integer>> weights = new ConcurrentHashMap<>();
    private final Watch watch;

    private RouteHistory(
            KubernetesClient kube,
            String namespace,
            String apiVersion,
            String kind,
            ToIntFunction<GenericKubernetesResource> weight) {
        this.watch = kube.genericKubernetesResources(apiVersion, kind)
                .inNamespace(namespace)
                .watch(new Watcher<>() {
                    @Override
                    public void eventReceived(Action action, GenericKubernetesResource route) {
                        if (action == Action.ADDED || action == Action.MODIFIED) {
                            saw(route.getMetadata().getName(), weight.applyAsInt(route));
                        }
                    }

                    @Override
                    public void onClose(WatcherException cause) {
                        weights.values().forEach(seen -> seen.add(GAP)); // no test may pass with it
                    }
                });
    }

    static RouteHistory of(KubernetesClient kube, String namespace) {
        return new RouteHistory(
                kube, namespace, "gateway.networking.k8s.io/v1", "HTTPRoute", RouteHistory::ofHttpRoute);
    }

    static RouteHistory ofVirtualService(KubernetesClient kube, String namespace) {
        return new RouteHistory(
                kube, namespace, "networking.istio.io/v1", "VirtualService", RouteHistory::ofVirtualService);
    }

    private void saw(String route, int weight) {
        var seen = weights.computeIfAbsent(route, _ -> new CopyOnWriteArrayList<>());
        if (seen.isEmpty() || seen.getLast() != weight) {
            seen.add(weight);
        }
    }

    private static int ofHttpRoute(GenericKubernetesResource route) {
        List<Map<String, Object>> backends = route.get("spec", "rules", 0, "backendRefs");
        return weight(backends, backend -> backend.get("name"));
    }

    private static int ofVirtualService(GenericKubernetesResource service) {
        List<Map<String, Object>> routes = service.get("spec", "http", 0, "route");
        return weight(routes, route -> ((Map<?, ?>) route.get("destination")).get("host"));
    }

    private static int weight(List<Map<String, Object>> sides, Function<Map<String, Object>, Object> name) {
        return sides.stream()
                .filter(side -> String.valueOf(name.apply(side)).endsWith("-canary"))
                .mapToInt(side -> ((Number) side.getOrDefault("weight", 0)).intValue())
                .sum();
    }

    /// Of the only route. In their order; a weight that was written again stands once.
    List<Integer> weights() {
        assertThat(weights).hasSize(1);
        return weights(weights.keySet().iterator().next());
    }

    /// Of one of several, the same.
    List<Integer> weights(String route) {
        return List.copyOf(weights.getOrDefault(route, List.of()));
    }

    @Override
    public void close() {
        watch.close();
    }
}
