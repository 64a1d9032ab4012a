package dev.aviary.analyzer.live;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.ResourceDefinitionContext;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jboss.logging.Logger;

/// The Prometheus operator's monitors, asked rarely. A cluster that doesn't have them, or doesn't show them to us, has
/// none; that holds up no look.
final class Monitors {
    private static final Logger LOG = Logger.getLogger(Monitors.class);
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String GROUP = "monitoring.coreos.com";
    private static final Duration KNOWN_FOR = Duration.ofMinutes(1);

    private record Known<T>(Instant until, List<T> all) {}

    private final KubernetesClient kubernetes;
    private final InstantSource clock;
    private final Map<String, Known<Monitor>> monitors = new ConcurrentHashMap<>();
    private final Map<String, Known<Service>> services = new ConcurrentHashMap<>();
    private final Set<Monitor.Kind> refused = EnumSet.noneOf(Monitor.Kind.class);

    Monitors(KubernetesClient kubernetes, InstantSource clock) {
        this.kubernetes = kubernetes;
        this.clock = clock;
    }

    /// By the first that is the pod's: PodMonitors before ServiceMonitors, those of its own namespace before others, by
    /// name. May block.
    Optional<Monitor.Address> address(Pod pod) {
        var namespace = pod.getMetadata().getNamespace();
        return Stream.of(Monitor.Kind.values())
                .flatMap(kind -> of(kind, namespace).stream())
                .flatMap(
                        monitor -> monitor
                                .address(pod, monitor.kind() == Monitor.Kind.SERVICE ? services(namespace) : List.of())
                                .stream())
                .findFirst();
    }

    private List<Monitor> of(Monitor.Kind kind, String namespace) {
        return known(monitors, kind + "/" + namespace, () -> listed(kind, namespace)).stream()
                .filter(monitor -> monitor.isOf(namespace))
                .sorted(Comparator.comparing(
                                (Monitor monitor) -> !monitor.namespace().equals(namespace))
                        .thenComparing(Monitor::namespace)
                        .thenComparing(Monitor::name))
                .toList();
    }

    private List<Service> services(String namespace) {
        return known(
                services,
                namespace,
                () -> kubernetes.services().inNamespace(namespace).list().getItems());
    }

    /// What couldn't be asked stays as it was known, until the next time.
    private <T> List<T> known(Map<String, Known<T>> all, String what, Supplier<List<T>> ask) {
        var known = Optional.ofNullable(all.get(what));
        if (known.filter(one -> clock.instant().isBefore(one.until())).isPresent()) {
            return known.get().all();
        }
        List<T> asked;
        try {
            asked = ask.get();
        } catch (KubernetesClientException away) {
            LOG.debugf("%s can't be listed reason=\"%s\"", what, away.getMessage());
            asked = known.map(Known::all).orElse(List.of());
        }
        all.put(what, new Known<>(clock.instant().plus(KNOWN_FOR), asked));
        return asked;
    }

    /// Of all namespaces, or of the pod's alone where only that is ours.
    private List<Monitor> listed(Monitor.Kind kind, String namespace) {
        var resources = kubernetes.genericKubernetesResources(new ResourceDefinitionContext.Builder()
                .withGroup(GROUP)
                .withVersion("v1")
                .withKind(kind.word())
                .withPlural(kind.plural())
                .withNamespaced(true)
                .build());
        try {
            return read(kind, resources.inAnyNamespace().list().getItems());
        } catch (KubernetesClientException refusal) {
            return switch (refusal.getCode()) {
                case 404 -> List.of();
                case 403 ->
                    mine(kind, () -> resources.inNamespace(namespace).list().getItems());
                default -> throw refusal;
            };
        }
    }

    private List<Monitor> mine(Monitor.Kind kind, Supplier<List<GenericKubernetesResource>> ask) {
        try {
            return read(kind, ask.get());
        } catch (KubernetesClientException refusal) {
            if (refusal.getCode() == 403 && isNews(kind)) {
                LOG.warnf(
                        "%ss can't be read: the API server doesn't let us; grant the verb list on %s.%s. Pods are asked at"
                                + " the port of their annotations, or the first one",
                        kind.word(), kind.plural(), GROUP);
            }
            throw refusal;
        }
    }

    private boolean isNews(Monitor.Kind kind) {
        synchronized (refused) {
            return refused.add(kind);
        }
    }

    /// One that makes no sense is left out.
    private static List<Monitor> read(Monitor.Kind kind, List<GenericKubernetesResource> found) {
        return found.stream()
                .flatMap(one -> spec(one).stream()
                        .map(spec -> new Monitor(
                                kind,
                                one.getMetadata().getNamespace(),
                                one.getMetadata().getName(),
                                spec)))
                .toList();
    }

    private static Optional<Monitor.Spec> spec(GenericKubernetesResource one) {
        try {
            return Optional.ofNullable(one.getAdditionalProperties().get("spec"))
                    .map(spec -> JSON.convertValue(spec, Monitor.Spec.class));
        } catch (IllegalArgumentException unreadable) {
            LOG.debugf("%s not understood reason=\"%s\"", one.getMetadata().getName(), unreadable.getMessage());
            return Optional.empty();
        }
    }
}
