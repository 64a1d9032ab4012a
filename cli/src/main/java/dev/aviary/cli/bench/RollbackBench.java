package dev.aviary.cli.bench;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.aviary.cli.Kube;
import dev.aviary.cli.Problem;
import dev.aviary.cli.Programs;
import dev.aviary.cli.demo.PlaygroundProcess;
import dev.aviary.cli.pipeline.Pipeline;
import dev.aviary.cli.pipeline.ServiceAccounts;
import dev.aviary.eventlog.codec.EventCodec;
import dev.aviary.eventlog.codec.Read;
import dev.aviary.eventlog.topics.LogConnection;
import dev.aviary.eventlog.topics.Topics;
import dev.aviary.events.CanaryKey;
import dev.aviary.flagger.Canary;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPBackendRef;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPRoute;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientTimeoutException;
import io.fabric8.kubernetes.client.Watch;
import io.fabric8.kubernetes.client.Watcher;
import io.fabric8.kubernetes.client.WatcherException;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/// Slow releases, one after the other on each of a few canaries, on a playground with the services as processes; the
/// guard takes each back at its first look. The app has metrics and nothing else.
final class RollbackBench implements AutoCloseable {
    private static final String CLUSTER = "bench";
    private static final String APP = "app";
    private static final Duration PATIENCE = Duration.ofSeconds(90);
    private static final Duration POLL = Duration.ofMillis(200);

    private final Path folder;
    private final Consumer<String> say;
    private final Rollbacks rollbacks = new Rollbacks();
    private volatile boolean over;
    private @Nullable PlaygroundProcess playground;
    private @Nullable KubernetesClient kube;
    private @Nullable Pipeline pipeline;
    private @Nullable Watch watch;

    RollbackBench(Path folder, Consumer<String> say) {
        this.folder = folder;
        this.say = say;
    }

    /// @param runs     that are counted, over all canaries
    /// @param canaries at the same time
    List<Rollback> run(int runs, int canaries) throws InterruptedException {
        start(canaries);
        var left = new AtomicInteger(runs);
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            var loops = IntStream.range(0, canaries)
                    .mapToObj(number -> threads.submit(() -> {
                        release(number, left);
                        return number;
                    }))
                    .toList();
            for (var loop : loops) {
                done(loop);
            }
        }
        return rollbacks.all();
    }

    private static void done(Future<?> loop) throws InterruptedException {
        try {
            loop.get();
        } catch (ExecutionException e) {
            throw e.getCause() instanceof RuntimeException failed ? failed : new IllegalStateException(e.getCause());
        }
    }

    private void start(int canaries) throws InterruptedException {
        say.accept("starting a playground ...");
        var cluster = PlaygroundProcess.start(folder.resolve("playground"), Duration.ofSeconds(5));
        playground = cluster;
        var client = Kube.of(cluster.kubeconfig());
        kube = client;
        say.accept("starting the pipeline ...");
        var running = Pipeline.start(settings(client, cluster), say);
        pipeline = running;
        watch = watched(client);
        follow(running.log());
        say.accept("%d canaries are made ...".formatted(canaries));
        var app = write(folder.resolve("app.py"), resource("app.py"));
        var manifest = resource("canary.yaml").replace("${APP}", app.toString());
        for (int number = 0; number < canaries; number++) {
            var text = manifest.replace("${NAMESPACE}", namespace(number));
            for (var object :
                    client.load(new ByteArrayInputStream(text.getBytes(UTF_8))).items()) {
                client.resource(object).fieldManager("bench").serverSideApply();
            }
        }
        for (int number = 0; number < canaries; number++) {
            awaitInitialized(client, namespace(number));
        }
    }

    private Pipeline.Settings settings(KubernetesClient client, PlaygroundProcess cluster) {
        return new Pipeline.Settings(
                Programs.dist(),
                folder.resolve("pipeline"),
                Optional.empty(),
                Optional.empty(),
                0,
                Topics.DEFAULT.prefix(),
                Topics.BROKERS_DEFAULT,
                CLUSTER,
                "gatewayapi:v1",
                cluster.prometheus(),
                Optional.empty(),
                ServiceAccounts.kubeconfigs(
                        client, folder.resolve("accounts"), Programs.source().resolve("k8s/base")),
                Optional.of(cluster.hostsFile()),
                0,
                Map.of("detector", Map.of("aviary.detector.lease-namespace", ServiceAccounts.NAMESPACE)));
    }

    private static String namespace(int number) {
        return "bench-" + number;
    }

    private static CanaryKey key(int number) {
        return new CanaryKey(CLUSTER, namespace(number), APP);
    }

    /// One slow release after the other, until so many are done in all.
    private void release(int number, AtomicInteger left) throws InterruptedException {
        for (int run = 1; left.getAndDecrement() > 0; run++) {
            write(namespace(number), run);
            if (!rollbacks.awaitEnded(key(number), run, PATIENCE.toMillis())) {
                throw new Problem("release %d of %s wasn't taken back within %d s; the services' words: %s"
                        .formatted(run, namespace(number), PATIENCE.toSeconds(), folder.resolve("pipeline/logs")));
            }
            if (left.get() % 20 == 0) {
                say.accept("%d to go".formatted(Math.max(left.get(), 0)));
            }
        }
    }

    private void write(String namespace, int run) {
        var app = Map.of(
                "name",
                APP,
                "env",
                List.of(
                        Map.of("name", "SLOW", "value", "1"),
                        Map.of("name", "RELEASE", "value", Integer.toString(run))));
        var template = Map.of("template", Map.of("spec", Map.of("containers", List.of(app))));
        client().apps()
                .deployments()
                .inNamespace(namespace)
                .withName(APP)
                .patch(PatchContext.of(PatchType.STRATEGIC_MERGE), Serialization.asJson(Map.of("spec", template)));
    }

    private void awaitInitialized(KubernetesClient client, String namespace) {
        try {
            client.resources(Canary.class)
                    .inNamespace(namespace)
                    .withName(APP)
                    .waitUntilCondition(
                            canary -> canary != null
                                    && canary.getStatus() != null
                                    && "Initialized".equals(canary.getStatus().phase()),
                            PATIENCE.toSeconds(),
                            TimeUnit.SECONDS);
        } catch (KubernetesClientTimeoutException late) {
            throw new Problem("Canary %s/%s isn't Initialized after %d s; the services' words: %s"
                    .formatted(namespace, APP, PATIENCE.toSeconds(), folder.resolve("pipeline/logs")));
        }
    }

    private Watch watched(KubernetesClient client) {
        return client.resources(HTTPRoute.class).inAnyNamespace().watch(new Watcher<>() {
            @Override
            public void eventReceived(Action action, HTTPRoute route) {
                long at = System.currentTimeMillis();
                rollbacks.route(route.getMetadata().getNamespace(), seq(route), weight(route), at);
            }

            @Override
            public void onClose(WatcherException cause) {
                if (!over) {
                    say.accept("the watch on the routes ended: " + cause.getMessage());
                }
            }
        });
    }

    private static long seq(HTTPRoute route) {
        return Optional.ofNullable(route.getMetadata().getAnnotations())
                .map(all -> all.get("aviary.dev/seq"))
                .map(Long::parseLong)
                .orElse(0L);
    }

    private static int weight(HTTPRoute route) {
        return route.getSpec().getRules().stream()
                .flatMap(rule -> rule.getBackendRefs().stream())
                .filter(backend -> backend.getName().endsWith("-canary"))
                .map(HTTPBackendRef::getWeight)
                .filter(Objects::nonNull)
                .mapToInt(Integer::intValue)
                .max()
                .orElse(0);
    }

    /// Both topics, as another service would read them.
    private void follow(LogConnection log) throws InterruptedException {
        var started = new CountDownLatch(1);
        Thread.ofPlatform().daemon().name("log").start(() -> {
            try (var consumer = log.consumer()) {
                var partitions = Stream.of(Topics.DEFAULT.rolloutEvents(), Topics.DEFAULT.measurements())
                        .flatMap(topic -> consumer.partitionsFor(topic).stream())
                        .map(info -> new TopicPartition(info.topic(), info.partition()))
                        .toList();
                consumer.assign(partitions);
                consumer.seekToBeginning(partitions);
                started.countDown();
                while (!over) {
                    var records = consumer.poll(POLL);
                    long now = System.currentTimeMillis();
                    records.forEach(record -> heard(record, now));
                }
            }
        });
        started.await();
    }

    private void heard(ConsumerRecord<byte[], byte[]> record, long now) {
        if (EventCodec.read(record.headers(), record.value()) instanceof Read.Event(var logged)) {
            var time = new String(record.headers().lastHeader("ce_time").value(), UTF_8);
            var canary = CanaryKey.of(new String(record.key(), UTF_8));
            rollbacks.heard(canary, logged, Instant.parse(time).toEpochMilli(), record.timestamp(), now);
        }
    }

    private KubernetesClient client() {
        return Objects.requireNonNull(kube);
    }

    private static Path write(Path file, String text) {
        try {
            return Files.writeString(file, text);
        } catch (IOException e) {
            throw new Problem("%s can't be written: %s.".formatted(file, e.getMessage()));
        }
    }

    private static String resource(String name) {
        try (InputStream found = RollbackBench.class.getResourceAsStream("/bench/" + name)) {
            return new String(Objects.requireNonNull(found).readAllBytes(), UTF_8);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        over = true;
        if (watch != null) {
            watch.close();
        }
        if (pipeline != null) {
            pipeline.close();
        }
        if (kube != null) {
            kube.close();
        }
        if (playground != null) {
            playground.close();
        }
    }
}
