package dev.aviary.systemtests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpServer;
import dev.aviary.cli.story.Entry;
import dev.aviary.eventlog.LoggedEvent.Taken;
import dev.aviary.events.AlertDelivered;
import dev.aviary.events.GateDecided;
import dev.aviary.events.RolloutEvent;
import dev.aviary.events.RouterDecision;
import dev.aviary.events.RouterOutcome;
import dev.aviary.events.StepHeld;
import dev.aviary.events.StepStarted;
import dev.aviary.flagger.Canary;
import io.fabric8.kubernetes.api.model.apps.DeploymentBuilder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Inet4Address;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.function.Predicate;

/// Canaries of a namespace whose pods cost nothing, so that many stand at once, each where a test wants it: a pod is
/// ready while a file is there, and a gate is open if the test says so.
final class PlainCanaries implements AutoCloseable {
    private final RealWorld world;
    private final String namespace;
    private final Path readiness;
    private final HttpServer hooks;
    private final Set<String> open = ConcurrentHashMap.newKeySet();

    private PlainCanaries(RealWorld world, String namespace, Path readiness, HttpServer hooks) {
        this.world = world;
        this.namespace = namespace;
        this.readiness = readiness;
        this.hooks = hooks;
    }

    static PlainCanaries in(RealWorld world, String name) {
        var namespace = world.fresh(name);
        try {
            var readiness = Files.createDirectories(world.folder().resolve("ready-" + namespace));
            var hooks = HttpServer.create(new InetSocketAddress(Inet4Address.ofLiteral("127.0.0.1"), 0), 0);
            var all = new PlainCanaries(world, namespace, readiness, hooks);
            hooks.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
            hooks.createContext("/", exchange -> {
                try (exchange) {
                    exchange.getRequestBody().readAllBytes();
                    exchange.sendResponseHeaders(
                            all.open.contains(exchange.getRequestURI().getPath()) ? 200 : 403, -1);
                }
            });
            hooks.start();
            all.open("/alerts");
            world.playground().apply("""
                    apiVersion: v1
                    kind: Namespace
                    metadata: {name: %1$s}
                    ---
                    apiVersion: gateway.networking.k8s.io/v1
                    kind: GatewayClass
                    metadata: {name: playground}
                    spec: {controllerName: playground.dev/gateway}
                    ---
                    apiVersion: gateway.networking.k8s.io/v1
                    kind: Gateway
                    metadata: {name: public, namespace: %1$s}
                    spec: {gatewayClassName: playground, listeners: [{name: http, port: 80, protocol: HTTP}]}
                    ---
                    apiVersion: flagger.app/v1beta1
                    kind: AlertProvider
                    metadata: {name: people, namespace: %1$s}
                    spec: {type: slack, address: "%2$s"}
                    """.formatted(namespace, all.url("/alerts")));
            return all;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    String namespace() {
        return namespace;
    }

    /// A Deployment in version `v1` with its Canary; the pods of target and primary are ready.
    ///
    /// @param settings what differs: `drain`, `revert`, `skip`, `steps`, and a webhook's type to name its gate
    void apply(String name, Map<String, String> settings) {
        ready(name, "v1");
        ready(name + "-primary", "v1");
        world.playground().apply("""
                        apiVersion: apps/v1
                        kind: Deployment
                        metadata: {name: NAME, namespace: NAMESPACE}
                        spec:
                          replicas: 1
                          selector: {matchLabels: {app: NAME}}
                          template:
                            metadata: {labels: {app: NAME}}
                            spec:
                              terminationGracePeriodSeconds: 1
                              containers:
                              - name: app
                                image: host
                                command: [sleep, "100000"]
                                ports: [{name: http, containerPort: 8080}]
                                env:
                                - {name: VERSION, value: v1}
                                - {name: POD, valueFrom: {fieldRef: {fieldPath: metadata.name}}}
                                readinessProbe:
                                  exec: {command: [sh, -c, 'test -e FOLDER/"${POD%-*-*}.$VERSION"']}
                                  periodSeconds: 1
                        ---
                        apiVersion: flagger.app/v1beta1
                        kind: Canary
                        metadata: {name: NAME, namespace: NAMESPACE, annotations: {aviary.dev/drain: DRAIN}}
                        spec:
                          provider: gatewayapi:v1
                          targetRef: {apiVersion: apps/v1, kind: Deployment, name: NAME}
                          progressDeadlineSeconds: 300
                          revertOnDeletion: REVERT
                          skipAnalysis: SKIP
                          service: {port: 8080, targetPort: http, hosts: [NAME.NAMESPACE.example], gatewayRefs: [{name: public}]}
                          analysis:
                            interval: 10s
                            threshold: 2
                            stepWeights: [STEPS]
                            alerts: [{name: people, severity: info, providerRef: {name: people}}]
                            webhooks: [HOOKS]
                        """.replace("FOLDER", readiness.toString())
                .replace("DRAIN", settings.getOrDefault("drain", "1s"))
                .replace("REVERT", settings.getOrDefault("revert", "false"))
                .replace("SKIP", settings.getOrDefault("skip", "false"))
                .replace("STEPS", settings.getOrDefault("steps", "40"))
                .replace("HOOKS", hook(name, settings))
                .replace("NAMESPACE", namespace)
                .replace("NAME", name));
    }

    private String hook(String name, Map<String, String> settings) {
        return Optional.ofNullable(settings.get("gate"))
                .map(kind -> "{name: gate, type: %s, url: \"%s\"}".formatted(kind, url(gate(name))))
                .orElse("");
    }

    private String url(String path) {
        return "http://127.0.0.1:%d%s".formatted(hooks.getAddress().getPort(), path);
    }

    private static String gate(String name) {
        return "/gate/" + name;
    }

    void openGate(String name) {
        open(gate(name));
    }

    void closeGate(String name) {
        open.remove(gate(name));
    }

    private void open(String path) {
        open.add(path);
    }

    /// @param workload the target's or the primary's name
    void ready(String workload, String version) {
        try {
            Files.writeString(readiness.resolve(workload + "." + version), "");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    void notReady(String workload, String version) {
        try {
            Files.deleteIfExists(readiness.resolve(workload + "." + version));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// Version `v2`; its pods aren't ready yet.
    void release(String name) {
        release(name, "v2");
    }

    private void release(String name, String version) {
        world.edit(
                namespace,
                name,
                found -> new DeploymentBuilder(found)
                        .editSpec()
                        .editTemplate()
                        .editSpec()
                        .editFirstContainer()
                        .editMatchingEnv(env -> env.getName().equals("VERSION"))
                        .withValue(version)
                        .endEnv()
                        .endContainer()
                        .endSpec()
                        .endTemplate()
                        .endSpec()
                        .build());
    }

    /// Version `v2`, whose pods are ready, on the target and later on the primary.
    void releaseReady(String name) {
        releaseReady(name, "v2");
    }

    void releaseReady(String name, String version) {
        ready(name, version);
        ready(name + "-primary", version);
        release(name, version);
    }

    void delete(String name) {
        world.kube()
                .resources(Canary.class)
                .inNamespace(namespace)
                .withName(name)
                .delete();
    }

    boolean isGone(String name) {
        return world.kube()
                        .resources(Canary.class)
                        .inNamespace(namespace)
                        .withName(name)
                        .get()
                == null;
    }

    String phase(String name) {
        return Optional.ofNullable(world.kube()
                        .resources(Canary.class)
                        .inNamespace(namespace)
                        .withName(name)
                        .get())
                .flatMap(canary -> Optional.ofNullable(canary.getStatus()))
                .map(status -> String.valueOf(status.phase()))
                .orElse("");
    }

    void awaitPhase(String name, String phase) {
        await(name + " " + phase)
                .atMost(RealWorld.patience())
                .pollInterval(Duration.ofMillis(100))
                .untilAsserted(() -> assertThat(phase(name)).isEqualTo(phase));
    }

    Entry awaitEvent(String name, Predicate<RolloutEvent> event) {
        return awaitEntry(name, entry -> event.test(entry.logged().event()));
    }

    Entry awaitEntry(String name, Predicate<Entry> wanted) {
        return await(name)
                .atMost(RealWorld.patience())
                .pollInterval(Duration.ofMillis(20))
                .until(() -> heard(name).stream().filter(wanted).findFirst(), Optional::isPresent)
                .orElseThrow();
    }

    List<Entry> heard(String name) {
        return of(name, world.heard(namespace));
    }

    private static List<Entry> of(String name, List<Entry> entries) {
        return entries.stream()
                .filter(entry -> entry.canary().name().equals(name))
                .toList();
    }

    /// All that the log has of this namespace, read again from its beginning.
    List<Entry> history() {
        return world.history(namespace);
    }

    /// What was decided of it, each as one word and, if it is a step, its weight; that it was held isn't counted.
    static List<String> decisions(String name, List<Entry> history) {
        return of(name, history).stream()
                .map(entry -> entry.logged().event())
                .filter(event -> event instanceof RouterDecision && !(event instanceof StepHeld))
                .map(event -> event instanceof StepStarted step
                        ? "StepStarted " + step.canary()
                        : event.getClass().getSimpleName())
                .toList();
    }

    /// Of its decisions, each exactly once: 1, 2, 3 …
    static List<Long> seqs(String name, List<Entry> history) {
        return of(name, history).stream()
                .filter(entry -> entry.logged().event() instanceof RouterDecision)
                .map(entry -> entry.logged().taken().map(Taken::seq).orElseThrow())
                .toList();
    }

    /// Of what may be said only once. Whoever asks or acts outside, and is killed before that is committed, does it
    /// once
    /// more and says so again under the same id: that something stands, what a gate answered, what was delivered.
    static List<String> ids(String name, List<Entry> history) {
        return of(name, history).stream()
                .filter(entry -> !(entry.logged().event() instanceof RouterOutcome))
                .filter(entry -> !(entry.logged().event() instanceof AlertDelivered))
                .filter(entry -> !(entry.logged().event() instanceof GateDecided))
                .map(entry -> entry.logged().id())
                .toList();
    }

    @Override
    public void close() {
        hooks.stop(0);
    }
}
