package dev.aviary.detector.watch;

import dev.aviary.eventlog.codec.Read;
import dev.aviary.eventlog.streams.EmbeddedBroker;
import dev.aviary.eventlog.topics.Entry;
import dev.aviary.eventlog.topics.History;
import dev.aviary.eventlog.topics.LogConnection;
import dev.aviary.eventlog.topics.Topics;
import dev.aviary.events.CanaryKey;
import dev.aviary.events.DetectorEvent;
import dev.aviary.flagger.CanarySpecs;
import dev.aviary.playground.Playground;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/// A real API server with Flagger's CRDs, a real broker, and as many detectors as a test starts; they end with it.
public final class Surroundings implements BeforeAllCallback, AfterEachCallback, AfterAllCallback {
    static final Topics TOPICS = Topics.DEFAULT;
    static final String CLUSTER = "eu";
    private static final AtomicInteger NAMESPACES = new AtomicInteger();

    private final Deque<AutoCloseable> detectors = new ArrayDeque<>();
    private Playground playground;
    private EmbeddedBroker broker;
    private KubernetesClient kube;
    private LogConnection log;

    @Override
    public void beforeAll(ExtensionContext context) throws IOException {
        playground = Playground.minimal();
        broker = EmbeddedBroker.start(Files.createTempDirectory("detector-broker"), 0);
        log = LogConnection.to(broker.bootstrapServers());
        try (var admin = log.admin()) {
            TOPICS.ensure(admin, (short) 1);
        }
        kube = client();
        for (var crd : List.of("canaries", "metrictemplates", "alertproviders")) {
            playground.apply(Files.readString(Path.of("..", "k8s", "crds", crd + ".yaml")));
            playground.kubectl(
                    "wait", "--for=condition=Established", "--timeout=30s", "crd/%s.flagger.app".formatted(crd));
        }
    }

    @Override
    public void afterEach(ExtensionContext context) throws Exception {
        while (!detectors.isEmpty()) {
            detectors.pop().close();
        }
    }

    @Override
    public void afterAll(ExtensionContext context) throws IOException {
        kube.close();
        broker.close();
        playground.close();
    }

    Playground playground() {
        return playground;
    }

    KubernetesClient kube() {
        return kube;
    }

    String bootstrap() {
        return broker.bootstrapServers();
    }

    /// A new one, so that tests don't meet.
    String namespace() {
        var name = "shop-" + NAMESPACES.incrementAndGet();
        playground.apply("""
                apiVersion: v1
                kind: Namespace
                metadata: {name: %s}
                """.formatted(name));
        return name;
    }

    /// A detector of one namespace, which is the active one at once.
    Detecting detector(String namespace) {
        var detecting = new Detecting(namespace);
        detecting.teller.active(true);
        return detecting;
    }

    /// One that has to win the Lease first.
    Detecting candidate(String namespace, String identity) {
        var detecting = new Detecting(namespace);
        var threads = Executors.newVirtualThreadPerTaskExecutor();
        detecting.leadership = Optional.of(new Leadership(
                detecting.client, threads, namespace, identity, Duration.ofSeconds(3), detecting.teller::active));
        detecting.leadership.get().start();
        return detecting;
    }

    /// What the detectors said of a canary, in order.
    List<DetectorEvent> said(String namespace, String canary) {
        return entries(namespace, canary).stream()
                .map(entry ->
                        (DetectorEvent) ((Read.Event) entry.read()).logged().event())
                .toList();
    }

    <T extends DetectorEvent> List<T> said(String namespace, String canary, Class<T> type) {
        return said(namespace, canary).stream()
                .filter(type::isInstance)
                .map(type::cast)
                .toList();
    }

    List<Entry> entries(String namespace, String canary) {
        try (var entries = History.of(log, TOPICS.rolloutEvents(), new CanaryKey(CLUSTER, namespace, canary))) {
            return entries.toList();
        }
    }

    List<Entry> entries() {
        try (var entries = History.ofAll(log, TOPICS.rolloutEvents())) {
            return entries.toList();
        }
    }

    private KubernetesClient client() {
        return new KubernetesClientBuilder()
                .withConfig(Config.fromKubeconfig(playground.kubeconfig().toFile()))
                .build();
    }

    /// One detector with its own connections, as in a process of its own.
    final class Detecting implements AutoCloseable {
        final KubernetesClient client = client();
        final Cluster cluster;
        final KafkaLog written = new KafkaLog(log, TOPICS, CLUSTER, InstantSource.system());
        final Teller teller;
        Optional<Leadership> leadership = Optional.empty();

        private Detecting(String namespace) {
            cluster = new Cluster(client, Optional.of(namespace), true);
            teller = new Teller(
                    CLUSTER,
                    Optional.of(namespace),
                    cluster,
                    CanarySpecs.Settings.defaults("istio"),
                    true,
                    client.getKubernetesSerialization(),
                    written,
                    InstantSource.system(),
                    _ -> {});
            teller.start();
            detectors.push(this);
        }

        @Override
        public void close() {
            leadership.ifPresent(Leadership::close);
            teller.close();
            cluster.close();
            written.close();
            client.close();
            detectors.remove(this);
        }
    }
}
