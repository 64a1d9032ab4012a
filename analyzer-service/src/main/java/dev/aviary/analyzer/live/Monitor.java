package dev.aviary.analyzer.live;

import com.fasterxml.jackson.annotation.JsonAlias;
import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import io.fabric8.kubernetes.api.model.IntOrString;
import io.fabric8.kubernetes.api.model.LabelSelector;
import io.fabric8.kubernetes.api.model.LabelSelectorRequirement;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServicePort;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// A PodMonitor or ServiceMonitor of the Prometheus operator, as far as it says where a pod's metrics are. Its
/// credentials, parameters and relabelings are not followed.
///
/// @param namespace that it stands in
/// @see <a href="https://prometheus-operator.dev/docs/api-reference/api/">Prometheus operator: API reference</a>
record Monitor(Kind kind, String namespace, String name, Spec spec) {
    enum Kind {
        POD("PodMonitor", "podmonitors"),
        SERVICE("ServiceMonitor", "servicemonitors");

        private final String word;
        private final String plural;

        Kind(String word, String plural) {
            this.word = word;
            this.plural = plural;
        }

        String word() {
            return word;
        }

        String plural() {
            return plural;
        }
    }

    /// @param selector of the pods or services; an empty one takes all
    @JsonIgnoreProperties(ignoreUnknown = true)
    record Spec(
            @Nullable LabelSelector selector,
            @Nullable Namespaces namespaceSelector,
            @JsonAlias("podMetricsEndpoints") @Nullable List<Endpoint> endpoints) {}

    @JsonIgnoreProperties(ignoreUnknown = true)
    record Namespaces(boolean any, @Nullable List<String> matchNames) {}

    /// @param port of the container or of the service, by its name
    @JsonIgnoreProperties(ignoreUnknown = true)
    record Endpoint(
            @Nullable String port,
            @Nullable Integer portNumber,
            @Nullable IntOrString targetPort,
            @Nullable String path,
            @Nullable String scheme) {}

    /// Where a pod's metrics are.
    record Address(String scheme, int port, String path) {}

    boolean isOf(String podsNamespace) {
        var chosen = Optional.ofNullable(spec.namespaceSelector());
        var names = chosen.map(Namespaces::matchNames).filter(given -> !given.isEmpty());
        return chosen.filter(Namespaces::any).isPresent()
                || names.orElse(List.of(namespace)).contains(podsNamespace);
    }

    /// @param services of the pod's namespace
    /// @return by its first endpoint whose port the pod has; empty if it isn't this pod's
    Optional<Address> address(Pod pod, List<Service> services) {
        return Optional.ofNullable(spec.endpoints()).orElse(List.of()).stream()
                .flatMap(endpoint -> port(endpoint, pod, services).stream()
                        .map(port -> new Address(
                                Optional.ofNullable(endpoint.scheme())
                                        .orElse("http")
                                        .toLowerCase(Locale.ROOT),
                                port,
                                Optional.ofNullable(endpoint.path())
                                        .filter(path -> !path.isEmpty())
                                        .orElse("/metrics"))))
                .findFirst();
    }

    private Optional<Integer> port(Endpoint endpoint, Pod pod, List<Service> services) {
        return switch (kind) {
            case POD -> isChosen(pod.getMetadata().getLabels()) ? own(endpoint, pod) : Optional.empty();
            case SERVICE ->
                services.stream()
                        .filter(service -> isChosen(service.getMetadata().getLabels()) && isOf(service, pod))
                        .flatMap(service -> of(service, endpoint, pod).stream())
                        .findFirst();
        };
    }

    private static Optional<Integer> own(Endpoint endpoint, Pod pod) {
        if (endpoint.port() != null) {
            return Ports.of(pod, new IntOrString(endpoint.port()));
        }
        return Optional.ofNullable(endpoint.portNumber())
                .map(IntOrString::new)
                .or(() -> Optional.ofNullable(endpoint.targetPort()))
                .flatMap(port -> Ports.of(pod, port));
    }

    private static Optional<Integer> of(Service service, Endpoint endpoint, Pod pod) {
        if (endpoint.port() == null) {
            return Optional.ofNullable(endpoint.targetPort()).flatMap(port -> Ports.of(pod, port));
        }
        return service.getSpec().getPorts().stream()
                .filter(port -> endpoint.port().equals(port.getName()))
                .flatMap(port -> target(port, pod).stream())
                .findFirst();
    }

    /// A container needn't declare a port that a service names by its number.
    private static Optional<Integer> target(ServicePort port, Pod pod) {
        var target = Optional.ofNullable(port.getTargetPort()).orElse(new IntOrString(port.getPort()));
        return target.getStrVal() == null ? Optional.of(target.getIntVal()) : Ports.of(pod, target);
    }

    private static boolean isOf(Service service, Pod pod) {
        var wanted = Optional.ofNullable(service.getSpec().getSelector()).orElse(Map.of());
        var labels = Optional.ofNullable(pod.getMetadata().getLabels()).orElse(Map.of());
        return !wanted.isEmpty() && labels.entrySet().containsAll(wanted.entrySet());
    }

    private boolean isChosen(@Nullable Map<String, String> given) {
        var labels = Optional.ofNullable(given).orElse(Map.of());
        var selector = Optional.ofNullable(spec.selector()).orElseGet(LabelSelector::new);
        return labels.entrySet()
                        .containsAll(Optional.ofNullable(selector.getMatchLabels())
                                .orElse(Map.of())
                                .entrySet())
                && Optional.ofNullable(selector.getMatchExpressions()).orElse(List.of()).stream()
                        .allMatch(requirement -> isMet(requirement, labels));
    }

    private static boolean isMet(LabelSelectorRequirement requirement, Map<String, String> labels) {
        var value = Optional.ofNullable(labels.get(requirement.getKey()));
        return switch (requirement.getOperator()) {
            case "In" -> value.filter(requirement.getValues()::contains).isPresent();
            case "NotIn" -> value.filter(requirement.getValues()::contains).isEmpty();
            case "Exists" -> value.isPresent();
            case "DoesNotExist" -> value.isEmpty();
            default -> false;
        };
    }

    /// A pod's ports; a sidecar of Kubernetes' own kind is an init container.
    static final class Ports {
        private static final String PROXY = "istio-proxy";

        private Ports() {}

        /// Declared by it, under this name or number.
        static Optional<Integer> of(Pod pod, IntOrString wanted) {
            return Stream.of(pod.getSpec().getContainers(), pod.getSpec().getInitContainers())
                    .flatMap(List::stream)
                    .flatMap(container -> container.getPorts().stream())
                    .filter(port -> wanted.getStrVal() == null
                            ? wanted.getIntVal().equals(port.getContainerPort())
                            : wanted.getStrVal().equals(port.getName()))
                    .map(port -> port.getContainerPort())
                    .findFirst();
        }

        /// Of the app, not of the proxy beside it.
        static Optional<Integer> first(Pod pod) {
            return pod.getSpec().getContainers().stream()
                    .filter(container -> !PROXY.equals(container.getName()))
                    .flatMap(container -> container.getPorts().stream())
                    .map(port -> port.getContainerPort())
                    .findFirst();
        }
    }
}
