package dev.aviary.systemtests;

import static java.net.HttpURLConnection.HTTP_CONFLICT;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.aviary.cli.Kube;
import dev.aviary.cli.Programs;
import dev.aviary.cli.pipeline.Pipeline;
import dev.aviary.cli.pipeline.Training;
import dev.aviary.cli.story.Entry;
import dev.aviary.cli.story.LogReader;
import dev.aviary.eventlog.codec.Json;
import dev.aviary.eventlog.streams.EmbeddedBroker;
import dev.aviary.eventlog.topics.LogConnection;
import dev.aviary.playground.Playground;
import dev.aviary.playground.PlaygroundOptions;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/// The playground and the pipeline that all system tests share; both live as long as this JVM. A test takes a
/// namespace of its own.
final class RealWorld {
    private static final String FIRST = "aviary.";
    private static final String TOPIC = FIRST + "rollout-events";

    private static final class Only {
        static final RealWorld WORLD = new RealWorld();
    }

    private final Path repository = found();
    private final Map<String, List<Entry>> heard = new ConcurrentHashMap<>();
    private final Map<String, Integer> taken = new ConcurrentHashMap<>();
    private final Path folder;
    private final Path dist;
    private final Playground playground;
    private final EmbeddedBroker broker;
    private volatile Pipeline pipeline;
    private String prefix = FIRST;
    private final KubernetesClient kube;

    private RealWorld() {
        try {
            long begin = System.nanoTime();
            folder = Files.createTempDirectory(
                    Files.createDirectories(repository.resolve("system-tests/target")), "world");
            dist = distribution(folder);
            System.setProperty("aviary.home", dist.toString());
            System.setProperty("aviary.source", repository.toString());
            Programs.writeImages(Files.createDirectories(folder.resolve("images")));
            playground = Playground.start(PlaygroundOptions.full()
                    .withDir(folder.resolve("playground"))
                    .withCrds(repository.resolve("k8s/crds"))
                    .withImages(folder.resolve("images")));
            kube = Kube.of(playground.kubeconfig());
            broker = EmbeddedBroker.start(folder.resolve("broker"), 0);
            pipeline = Pipeline.start(settings(FIRST), System.out::println);
            // The pipeline goes before the playground's own hook takes the cluster away, or beside it: both end.
            Runtime.getRuntime().addShutdownHook(new Thread(this::end, "pipeline-end"));
            listen();
            System.out.printf("playground and pipeline are up after %s s, in %s%n", seconds(begin), folder);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void end() {
        pipeline.close();
        try {
            broker.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// Stops all services and starts them again; the broker goes on.
    ///
    /// @param meanwhile done while none of them runs
    void restarted(Runnable meanwhile) {
        restartedOn(FIRST, meanwhile);
    }

    /// The same with another log.
    ///
    /// @param another prefix of its topics
    synchronized void restartedOn(String another, Runnable meanwhile) {
        pipeline.close();
        meanwhile.run();
        prefix = another;
        pipeline = Pipeline.start(settings(prefix), System.out::println);
    }

    /// Where the services' programs are.
    Path dist() {
        return dist;
    }

    /// Where router and analyzer keep their stores.
    Path state() {
        return folder.resolve("pipeline/state");
    }

    static RealWorld shared() {
        return Only.WORLD;
    }

    static double seconds(long sinceNanos) {
        return Math.round((System.nanoTime() - sinceNanos) / 1e8) / 10.0;
    }

    /// What `./aviary` puts together of the modules' packages.
    static Path distribution(Path folder) throws IOException {
        var work = Files.createDirectories(folder.resolve("dist"));
        for (var service : Pipeline.SERVICES) {
            link(work.resolve(service), packaged(service + "-service/target/quarkus-app"));
        }
        var app = Files.createDirectories(work.resolve("sms-checker"));
        link(app.resolve("classes"), packaged("examples/sms-checker/target/classes"));
        link(app.resolve("lib"), packaged("examples/sms-checker/target/lib"));
        Training.run(work, System.out::println);
        return work;
    }

    private static void link(Path name, Path to) throws IOException {
        Files.createSymbolicLink(name, to);
    }

    private static Path packaged(String path) {
        var found = Repository.ROOT.resolve(path);
        if (!Files.exists(found)) {
            throw new IllegalStateException(
                    "%s isn't there: package the modules first, as `./mvnw verify` does".formatted(found));
        }
        return found;
    }

    private Pipeline.Settings settings(String topics) {
        return new Pipeline.Settings(
                dist,
                folder.resolve(topics.equals(FIRST) ? "pipeline" : "pipeline-" + topics),
                Optional.of(LogConnection.to(broker.bootstrapServers())),
                Optional.empty(),
                0,
                topics,
                (short) -1,
                "system-test",
                "gatewayapi:v1",
                playground.prometheusUrl().toString(),
                Optional.empty(),
                Map.of("", playground.kubeconfig()),
                Optional.of(playground.hostsFile()),
                0,
                Map.of());
    }

    private void listen() {
        var started = new CountDownLatch(1);
        Thread.ofVirtual()
                .name("log")
                .start(() -> new LogReader(pipeline.log(), TOPIC).follow(() -> false, started::countDown, this::hear));
        try {
            started.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    Playground playground() {
        return playground;
    }

    Pipeline pipeline() {
        return pipeline;
    }

    KubernetesClient kube() {
        return kube;
    }

    /// Changes a Deployment, once more if somebody else did at the same time.
    void edit(String namespace, String name, UnaryOperator<Deployment> change) {
        await(namespace + "/" + name + " is changed")
                .atMost(patience())
                .pollInterval(Duration.ofMillis(50))
                .ignoreExceptionsMatching(
                        e -> e instanceof KubernetesClientException refused && refused.getCode() == HTTP_CONFLICT)
                .until(() -> kube.apps()
                                .deployments()
                                .inNamespace(namespace)
                                .withName(name)
                                .edit(change)
                        != null);
    }

    Path folder() {
        return folder;
    }

    Path repository() {
        return repository;
    }

    private void hear(Entry entry) {
        heard.computeIfAbsent(entry.canary().namespace(), _ -> new CopyOnWriteArrayList<>())
                .add(entry);
    }

    /// A name that no namespace had yet: a test that is tried once more starts from nothing, on the first log.
    ///
    /// @return the wanted one, at the second time with a 2 behind it
    synchronized String fresh(String namespace) {
        if (!prefix.equals(FIRST)) {
            restarted(() -> {});
        }
        int times = taken.merge(namespace, 1, Integer::sum);
        return times == 1 ? namespace : namespace + "-" + times;
    }

    /// What the log said live of this namespace's canary, so far.
    List<Entry> heard(String namespace) {
        return List.copyOf(heard.getOrDefault(namespace, List.of()));
    }

    /// The same, read again from the log's beginning.
    List<Entry> history(String namespace) {
        return history(namespace, TOPIC);
    }

    List<Entry> history(String namespace, String topic) {
        var found = new ArrayList<Entry>();
        new LogReader(pipeline.log(), topic).history(entry -> {
            if (entry.canary().namespace().equals(namespace)) {
                found.add(entry);
            }
        });
        return found;
    }

    /// The playground's own program, which holds the load generator too.
    Path program() {
        try {
            JsonNode ready = Json.mapper()
                    .readTree(playground.dir().resolve("ready.json").toFile());
            return Path.of(ready.path("playground").asText());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// Runs a verb of the command line, as its user does.
    ///
    /// @return what it printed
    String aviary(String... arguments) {
        return aviary(playground.kubeconfig(), arguments);
    }

    static String aviary(Path kubeconfig, String... arguments) {
        var command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                "dev.aviary.cli.Aviary"));
        command.addAll(List.of(arguments));
        var builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().put("KUBECONFIG", kubeconfig.toString());
        try {
            var process = builder.start();
            process.getOutputStream().close();
            var said = new String(process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
            if (process.waitFor() != 0) {
                throw new IllegalStateException("aviary %s: %s".formatted(String.join(" ", arguments), said));
            }
            return said;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    static Duration patience() {
        return Duration.ofMinutes(3);
    }

    private static Path found() {
        return Stream.iterate(Path.of("").toAbsolutePath(), java.util.Objects::nonNull, Path::getParent)
                .filter(folder -> Files.exists(folder.resolve("playground/build.sh")))
                .findFirst()
                .orElseThrow(() -> new IllegalStateException("not in Aviary's repository"));
    }
}
