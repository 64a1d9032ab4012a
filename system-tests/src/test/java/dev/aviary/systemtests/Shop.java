package dev.aviary.systemtests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.aviary.cli.demo.LoadGenerator;
import dev.aviary.cli.story.Entry;
import dev.aviary.events.CheckCompleted;
import dev.aviary.events.RolloutEvent;
import dev.aviary.events.StepStarted;
import dev.aviary.events.TrafficShifted;
import dev.aviary.flagger.Canary;
import dev.aviary.flagger.CanaryStatus;
import io.fabric8.kubernetes.api.model.EnvVarBuilder;
import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.apps.DeploymentBuilder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;

/// The example app with its Canary in a namespace of its own, reached through the gateway under a name of its own.
final class Shop {
    private static final String NAME = "sms-checker";
    private final RealWorld world;
    private final String namespace;

    private Shop(RealWorld world, String namespace) {
        this.world = world;
        this.namespace = namespace;
    }

    /// Applies it and returns at once.
    ///
    /// @param name    its namespace's, at the first time
    /// @param changes of the manifests' text, from what to what
    static Shop open(RealWorld world, String name, Map<String, String> changes) {
        var shop = new Shop(world, world.fresh(name));
        for (var file : List.of("cluster.yaml", "sms-checker.yaml")) {
            world.playground().apply(shop.filled(file, changes));
        }
        return shop;
    }

    private String filled(String file, Map<String, String> changes) {
        var text = manifest(world, file);
        for (var change : changes.entrySet()) {
            text = text.replace(change.getKey(), change.getValue());
        }
        return text.replace("${INTERVAL}", "10s")
                .replace("${WINDOW}", "60s")
                .replace("${PROMETHEUS_URL}", world.playground().prometheusUrl().toString())
                .replace("${SLACK_URL}", "http://127.0.0.1:9/slack")
                .replace("${EVENT_URL}", "http://127.0.0.1:9/event")
                .replace("namespace: shop", "namespace: " + namespace)
                .replace("name: shop", "name: " + namespace)
                .replace("    targetPort: http\n", "    targetPort: http\n    hosts: [%s]\n".formatted(host()));
    }

    private String host() {
        return namespace + ".example";
    }

    /// The manifest's words about the Canary's metrics, for who wants others.
    static String metrics(RealWorld world) {
        var text = manifest(world, "sms-checker.yaml");
        return text.substring(text.indexOf("    metrics:\n"), text.indexOf("    alerts:\n"));
    }

    private static String manifest(RealWorld world, String file) {
        try {
            return Files.readString(
                    world.repository().resolve("examples/sms-checker/manifests").resolve(file));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// The version that answers one request through the gateway.
    ///
    /// @param headers such as `x-canary: insider`
    String answeredBy(String... headers) {
        var gateway = world.playground().gatewayUrl();
        var request = new StringBuilder("GET / HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n".formatted(host()));
        List.of(headers).forEach(header -> request.append(header).append("\r\n"));
        try (var socket = new Socket(gateway.getHost(), gateway.getPort())) {
            socket.getOutputStream().write(request.append("\r\n").toString().getBytes(StandardCharsets.US_ASCII));
            var answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            return answer.lines()
                    .filter(line -> line.startsWith("x-app-version: "))
                    .map(line -> line.substring("x-app-version: ".length()))
                    .findFirst()
                    .orElse(answer);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    String namespace() {
        return namespace;
    }

    /// `NAMESPACE/NAME`, as the command line takes it.
    String canary() {
        return namespace + "/" + NAME;
    }

    LoadGenerator load(int perSecond) {
        try {
            var folder = Files.createDirectories(world.folder().resolve("load-" + namespace));
            Files.createDirectories(folder.resolve("logs"));
            return LoadGenerator.start(
                    world.program(), world.playground().gatewayUrl().toString(), host(), perSecond, folder);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    void release(String version, Map<String, String> settings) {
        world.edit(
                namespace,
                NAME,
                found -> new DeploymentBuilder(found)
                        .editSpec()
                        .editTemplate()
                        .editSpec()
                        .editFirstContainer()
                        .withImage(NAME + ":v2")
                        .withEnv(found.getSpec().getTemplate().getSpec().getContainers().getFirst().getEnv().stream()
                                .map(one -> Optional.ofNullable(
                                                one.getName().equals("VERSION") ? version : settings.get(one.getName()))
                                        .map(value -> new EnvVarBuilder()
                                                .withName(one.getName())
                                                .withValue(value)
                                                .build())
                                        .orElse(one))
                                .toList())
                        .endContainer()
                        .endSpec()
                        .endTemplate()
                        .endSpec()
                        .build());
    }

    /// The Canary's; it counts from the next release on.
    void annotate(Map<String, String> annotations) {
        world.kube()
                .resources(Canary.class)
                .inNamespace(namespace)
                .withName(NAME)
                .edit(found -> {
                    found.getMetadata().getAnnotations().putAll(annotations);
                    return found;
                });
    }

    CanaryStatus status() {
        return Optional.ofNullable(world.kube()
                        .resources(Canary.class)
                        .inNamespace(namespace)
                        .withName(NAME)
                        .get()
                        .getStatus())
                .orElseThrow();
    }

    void awaitPhase(String phase) {
        await(canary() + " " + phase)
                .atMost(RealWorld.patience())
                .pollInterval(Duration.ofMillis(100))
                .ignoreExceptions()
                .untilAsserted(() -> assertThat(status().phase()).isEqualTo(phase));
    }

    /// Returns when the log has such an event behind its first `after` ones about this canary.
    RolloutEvent awaitEvent(String what, int after, Predicate<RolloutEvent> event) {
        return await(canary() + ": " + what)
                .atMost(RealWorld.patience())
                .pollInterval(Duration.ofMillis(20))
                .until(
                        () -> world.heard(namespace).stream()
                                .skip(after)
                                .map(entry -> entry.logged().event())
                                .filter(event)
                                .findFirst(),
                        Optional::isPresent)
                .orElseThrow();
    }

    /// Returns when Prometheus' window holds nothing more of an earlier canary's pods: the queries, Flagger's, ask for
    /// all pods of the target, and would take an earlier release's answers for this one's.
    void awaitOutOfSight() {
        var query =
                "sum(rate(index_requests_total{kubernetes_namespace=\"%s\",kubernetes_pod_name=~\"%s-[0-9a-z]+(-[0-9a-z]+)\"}[60s]))"
                        .formatted(namespace, NAME);
        var request = HttpRequest.newBuilder(URI.create(world.playground().prometheusUrl() + "/api/v1/query?query="
                        + URLEncoder.encode(query, StandardCharsets.UTF_8)))
                .build();
        try (var http = HttpClient.newHttpClient()) {
            await(canary() + "'s last release is out of sight")
                    .atMost(RealWorld.patience())
                    .untilAsserted(() -> assertThat(
                                    http.send(request, BodyHandlers.ofString()).body())
                            .contains("\"result\":[]"));
        }
    }

    /// All that the log has of it, read again from its beginning.
    List<Entry> history() {
        return world.history(namespace);
    }

    /// Behind its first `after` ones.
    List<Entry> history(int after) {
        return history().stream().skip(after).toList();
    }

    int heard() {
        return world.heard(namespace).size();
    }

    List<Event> kubernetesEvents() {
        return world.kube().v1().events().inNamespace(namespace).list().getItems().stream()
                .filter(event -> event.getInvolvedObject().getKind().equals("Canary"))
                .toList();
    }

    /// What the log has of it behind its first `after` events, each as one word and, where it has one, its weight or
    /// verdict.
    List<String> words(int after) {
        return history().stream()
                .skip(after)
                .map(entry -> switch (entry.logged().event()) {
                    case StepStarted step -> "StepStarted " + step.canary();
                    case TrafficShifted shifted -> "TrafficShifted " + shifted.canary();
                    case CheckCompleted check -> "CheckCompleted " + check.verdict();
                    case RolloutEvent other -> other.getClass().getSimpleName();
                })
                .toList();
    }
}
