package dev.aviary.analyzer.live;

import dev.aviary.events.WorkloadRef;
import dev.aviary.flagger.Canary;
import dev.aviary.flagger.MetricTemplate;
import io.fabric8.kubernetes.api.model.ListOptionsBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import jakarta.annotation.PreDestroy;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Base64;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Plain GETs: a look is rare, and a cache of Secrets would need the right to list them.
@ApplicationScoped
public class KubernetesLiveObjects implements LiveObjects, LivePods {
    private static final int MOST_MILLIS = 5_000;
    private static final String PORT = "prometheus.io/port";
    private static final String PATH = "prometheus.io/path";
    private static final String SCHEME = "prometheus.io/scheme";
    private static final List<String> NOTES = List.of(PORT, PATH, SCHEME);

    private final KubernetesClient kubernetes;
    private final Monitors monitors;

    /// Asks as the given client does, but gives up early: the next look asks again. By itself a client tries ten
    /// times, for minutes.
    @Inject
    public KubernetesLiveObjects(KubernetesClient like, InstantSource clock) {
        var config = new ConfigBuilder(like.getConfiguration())
                .withRequestRetryBackoffLimit(1)
                .withConnectionTimeout(MOST_MILLIS)
                .withRequestTimeout(MOST_MILLIS)
                .build();
        this.kubernetes = new KubernetesClientBuilder().withConfig(config).build();
        this.monitors = new Monitors(kubernetes, clock);
    }

    @PreDestroy
    void close() {
        kubernetes.close();
    }

    @Override
    public Optional<Canary> canary(String namespace, String name) {
        return asked(
                "Canary",
                namespace,
                name,
                () -> kubernetes
                        .resources(Canary.class)
                        .inNamespace(namespace)
                        .withName(name)
                        .get());
    }

    @Override
    public Optional<MetricTemplate> template(String namespace, String name) {
        return asked(
                "MetricTemplate",
                namespace,
                name,
                () -> kubernetes
                        .resources(MetricTemplate.class)
                        .inNamespace(namespace)
                        .withName(name)
                        .get());
    }

    @Override
    public Optional<Map<String, String>> secret(String namespace, String name) {
        return asked(
                        "Secret",
                        namespace,
                        name,
                        () -> kubernetes
                                .secrets()
                                .inNamespace(namespace)
                                .withName(name)
                                .get())
                .map(secret -> {
                    var decoded = new TreeMap<String, String>();
                    Optional.ofNullable(secret.getData())
                            .orElse(Map.of())
                            .forEach((key, value) -> decoded.put(
                                    key, new String(Base64.getDecoder().decode(value), StandardCharsets.UTF_8)));
                    return decoded;
                });
    }

    /// A new template's pods are made after the old one's: the newest pod tells which they are.
    @Override
    public List<LivePod> pods(String namespace, WorkloadRef workload) {
        var selector = asked(workload.kind(), namespace, workload.name(), () -> switch (workload.kind()) {
            case "Deployment" ->
                Optional.ofNullable(kubernetes
                                .apps()
                                .deployments()
                                .inNamespace(namespace)
                                .withName(workload.name())
                                .get())
                        .map(found -> found.getSpec().getSelector())
                        .orElse(null);
            case "DaemonSet" ->
                Optional.ofNullable(kubernetes
                                .apps()
                                .daemonSets()
                                .inNamespace(namespace)
                                .withName(workload.name())
                                .get())
                        .map(found -> found.getSpec().getSelector())
                        .orElse(null);
            default -> null;
        });
        var listed = selector.flatMap(which -> asked(
                        "pods of " + workload.kind(),
                        namespace,
                        workload.name(),
                        () -> kubernetes
                                .pods()
                                .inNamespace(namespace)
                                .withLabelSelector(which)
                                .list(new ListOptionsBuilder()
                                        .withResourceVersion("0") // of the API server's own memory
                                        .build())))
                .map(list -> list.getItems())
                .orElse(List.of());
        var newest = listed.stream()
                .max(Comparator.comparing(pod -> pod.getMetadata().getCreationTimestamp()))
                .map(KubernetesLiveObjects::template);
        return listed.stream()
                .filter(pod -> Optional.of(template(pod)).equals(newest))
                .flatMap(pod -> living(pod).stream())
                .sorted(Comparator.comparing(LivePod::name))
                .toList();
    }

    private static String template(Pod pod) {
        var labels = Optional.ofNullable(pod.getMetadata().getLabels()).orElse(Map.of());
        return labels.getOrDefault("pod-template-hash", labels.getOrDefault("controller-revision-hash", ""));
    }

    private Optional<LivePod> living(Pod pod) {
        var status = pod.getStatus();
        if (pod.getMetadata().getDeletionTimestamp() != null
                || status == null
                || status.getPodIP() == null
                || status.getStartTime() == null) {
            return Optional.empty();
        }
        var host = status.getPodIP().contains(":") ? "[" + status.getPodIP() + "]" : status.getPodIP();
        return address(pod)
                .map(address -> new LivePod(
                        pod.getMetadata().getName(),
                        Optional.ofNullable(pod.getSpec().getNodeName()).orElse(""),
                        "%s://%s:%d%s%s"
                                .formatted(
                                        address.scheme(),
                                        host,
                                        address.port(),
                                        address.path().startsWith("/") ? "" : "/",
                                        address.path()),
                        Instant.parse(status.getStartTime())));
    }

    /// The pod's own word, which Istio's injector writes too; else the Prometheus operator's; else what is usual.
    private Optional<Monitor.Address> address(Pod pod) {
        var notes = Optional.ofNullable(pod.getMetadata().getAnnotations()).orElse(Map.of());
        return NOTES.stream().anyMatch(notes::containsKey)
                ? annotated(pod, notes)
                : monitors.address(pod).or(() -> annotated(pod, notes));
    }

    private static Optional<Monitor.Address> annotated(Pod pod, Map<String, String> notes) {
        return Optional.ofNullable(notes.get(PORT))
                .filter(text -> text.matches("\\d{1,5}"))
                .map(Integer::valueOf)
                .or(() -> Monitor.Ports.first(pod))
                .map(port -> new Monitor.Address(
                        notes.getOrDefault(SCHEME, "http"), port, notes.getOrDefault(PATH, "/metrics")));
    }

    @Override
    public Optional<String> problem(Optional<String> namespace) {
        var canaries = kubernetes.resources(Canary.class);
        try {
            // A Canary that nobody has: whoever may read the others gets a 404.
            var _ = canaries.inNamespace(namespace.orElse("default"))
                    .withName("aviary-start-up-check")
                    .get();
            return Optional.empty();
        } catch (KubernetesClientException e) {
            return Optional.of("Canaries can't be read at %s: %s. Check the kubeconfig and its rights."
                    .formatted(kubernetes.getMasterUrl(), words(e)));
        }
    }

    private static <T> Optional<T> asked(String kind, String namespace, String name, Supplier<@Nullable T> get) {
        try {
            return Optional.ofNullable(get.get());
        } catch (KubernetesClientException e) {
            throw new UnavailableException("%s %s/%s can't be read: %s".formatted(kind, namespace, name, words(e)), e);
        }
    }

    private static String words(KubernetesClientException failed) {
        int code = failed.getCode();
        if (code <= 0) {
            return "the API server doesn't answer";
        }
        return switch (code) {
            case 401 -> "the API server doesn't know us";
            case 403 -> "the API server doesn't let us; grant the verb get";
            default -> "the API server says " + code;
        };
    }
}
