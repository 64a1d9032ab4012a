package dev.aviary.cli;

import dev.aviary.cli.pipeline.Pipeline;
import dev.aviary.eventlog.topics.LogConnection;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
        name = "up",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description = "The pipeline against the cluster of the current KUBECONFIG, in the foreground.")
final class UpCommand implements Callable<Integer> {
    @Mixin
    LogOptions log = new LogOptions();

    @Option(names = "--port", defaultValue = "9091", description = "Of the embedded Kafka. Default: ${DEFAULT-VALUE}")
    int port;

    @Option(
            names = "--http-port",
            defaultValue = "8081",
            description = "Of the first service, the others follow. Default: ${DEFAULT-VALUE}")
    int httpPort;

    @Option(
            names = "--metrics-server",
            defaultValue = "http://prometheus:9090",
            description = "Prometheus of built-in metrics and inline queries. Default: ${DEFAULT-VALUE}")
    String metricsServer = "";

    @Option(
            names = "--mesh-provider",
            defaultValue = "istio",
            description = "Of Canaries that name none. Default: ${DEFAULT-VALUE}")
    String meshProvider = "";

    @Option(names = "--namespace", description = "Only Canaries of this namespace.")
    Optional<String> namespace = Optional.empty();

    @Option(
            names = "--cluster-name",
            defaultValue = "default",
            description = "Part of every key of the log. Default: ${DEFAULT-VALUE}")
    String clusterName = "";

    @Option(names = "--replication-factor", defaultValue = "-1", description = "Of topics that are made.")
    short replicationFactor;

    @Option(names = "--install-crds", description = "Installs Flagger's three CRDs and the admission policy.")
    boolean installCrds;

    @Option(names = "--hosts-file", description = "Names that the services resolve besides DNS (a playground's).")
    Optional<Path> hostsFile = Optional.empty();

    @Override
    public Integer call() throws InterruptedException {
        long begin = System.nanoTime();
        try (var kube = Kube.current()) {
            if (installCrds) {
                installCrds(kube);
            }
            requireCrds(kube);
        }
        var settings = new Pipeline.Settings(
                Path.of(System.getProperty("aviary.home")),
                data(),
                log.kafka.map(address -> {
                    var connection = log.with(LogConnection.to(address));
                    connection.problem(java.time.Duration.ofSeconds(5)).ifPresent(sentence -> {
                        throw new Problem(sentence);
                    });
                    return connection;
                }),
                log.kafkaConfig,
                port,
                log.topicPrefix,
                replicationFactor,
                clusterName,
                meshProvider,
                metricsServer,
                namespace,
                Map.of(),
                hostsFile,
                httpPort,
                Map.of());
        var stop = new CountDownLatch(1);
        var stopped = new CountDownLatch(1);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            if (stopped.getCount() > 0) {
                System.out.println("stopping ...");
            }
            stop.countDown();
            awaitQuietly(stopped);
        }));
        try (var pipeline = Pipeline.start(settings, UpCommand::tell)) {
            Files.writeString(
                    settings.data().resolve(LogOptions.ADDRESS_FILE),
                    pipeline.log().bootstrap());
            System.out.printf(
                    "ready after %.1f s; ctrl-C stops it, and the next start goes on where it was%n",
                    (System.nanoTime() - begin) / 1e9);
            stop.await();
        } catch (IOException e) {
            throw new Problem("%s can't be written: %s.".formatted(settings.data(), e.getMessage()));
        } finally {
            stopped.countDown();
        }
        return 0;
    }

    private static void tell(String line) {
        System.out.println(line);
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private Path data() {
        try {
            return Files.createDirectories(log.data).toAbsolutePath();
        } catch (IOException e) {
            throw new Problem("--data %s can't be made: %s.".formatted(log.data, e.getMessage()));
        }
    }

    private static void requireCrds(KubernetesClient kube) {
        try {
            if (kube.apiextensions()
                            .v1()
                            .customResourceDefinitions()
                            .withName("canaries.flagger.app")
                            .get()
                    == null) {
                throw new Problem("the cluster has no CustomResourceDefinition canaries.flagger.app: "
                        + "add --install-crds, or apply k8s/crds yourself.");
            }
        } catch (KubernetesClientException e) {
            if (e.getCode() != 403) { // who may not look may still be served
                throw Kube.problem(e, "the API server");
            }
        }
    }

    /// Flagger's CRDs and what verifies a person's commands, from this repository.
    static void installCrds(KubernetesClient kube) {
        var source = Path.of(System.getProperty("aviary.source"));
        apply(kube, source.resolve("k8s/crds"));
        var policy = source.resolve("k8s/base/admission-policy.yaml");
        if (Files.exists(policy)) {
            apply(kube, policy);
        }
    }

    /// Server-side, every YAML file of a folder, or one file.
    static void apply(KubernetesClient kube, Path path) {
        try (Stream<Path> files = Files.isDirectory(path) ? Files.list(path).sorted() : Stream.of(path)) {
            for (var file :
                    files.filter(one -> one.toString().endsWith(".yaml")).toList()) {
                try (var text = Files.newInputStream(file)) {
                    for (var object : kube.load(text).items()) {
                        kube.resource(object)
                                .fieldManager("aviary")
                                .forceConflicts()
                                .serverSideApply();
                    }
                }
            }
        } catch (IOException e) {
            throw new Problem("%s can't be read: %s.".formatted(path, e.getMessage()));
        } catch (KubernetesClientException e) {
            throw Kube.problem(e, "the API server, asked to apply " + path + ",");
        }
    }
}
