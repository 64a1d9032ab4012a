package dev.aviary.cli.pipeline;

import dev.aviary.cli.Problem;
import dev.aviary.eventlog.streams.EmbeddedBroker;
import dev.aviary.eventlog.streams.FolderLock;
import dev.aviary.eventlog.topics.LogConnection;
import dev.aviary.eventlog.topics.Topics;
import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// The four services as processes of their own, and a broker in this one unless there is a Kafka already.
public final class Pipeline implements AutoCloseable {
    /// What it needs to know.
    ///
    /// @param dist           folder with the services' programs
    /// @param data           folder of its own: the broker's data, the services' state and logs
    /// @param kafka          an existing Kafka; the client properties stand in it
    /// @param brokerPort     of the embedded one; 0: any that is free
    /// @param kubeconfigs    of each service, or one for all under the empty name
    /// @param hostsFile      names that the services are to resolve besides DNS
    /// @param firstPort      of the services' HTTP ports, four in a row; 0: any that are free
    /// @param serviceOptions further settings by service: `notifier` to `aviary.notifier.webhook-url` …
    public record Settings(
            Path dist,
            Path data,
            Optional<LogConnection> kafka,
            Optional<Path> kafkaConfig,
            int brokerPort,
            String topicPrefix,
            short replicationFactor,
            String clusterName,
            String meshProvider,
            String metricsServer,
            Optional<String> namespace,
            Map<String, Path> kubeconfigs,
            Optional<Path> hostsFile,
            int firstPort,
            Map<String, Map<String, String>> serviceOptions) {}

    public static final List<String> SERVICES = List.of("detector", "router", "analyzer", "notifier");
    private static final Duration READY = Duration.ofMinutes(2);

    private final List<ServiceProcess> services = new CopyOnWriteArrayList<>();
    private final Thread atExit = new Thread(this::end, "services-end");
    private final FolderLock lock;
    private final LogConnection log;
    private final Settings settings;
    private final boolean training;
    private @Nullable EmbeddedBroker broker;

    private volatile boolean ending;

    private Pipeline(
            FolderLock lock, LogConnection log, @Nullable EmbeddedBroker broker, Settings settings, boolean training) {
        this.lock = lock;
        this.log = log;
        this.broker = broker;
        this.settings = settings;
        this.training = training;
    }

    /// Returns when all services are ready; if this process is told to end before, it ends them and fails.
    ///
    /// @param say takes a line of progress
    /// @throws Problem in a sentence
    public static Pipeline start(Settings settings, Consumer<String> say) {
        return start(settings, false, say);
    }

    static Pipeline start(Settings settings, boolean training, Consumer<String> say) {
        var lock = locked(settings.data());
        try {
            var broker = settings.kafka().isPresent() ? null : startBroker(settings, say);
            var log = settings.kafka()
                    .orElseGet(() -> LogConnection.to(required(broker).bootstrapServers()));
            var pipeline = new Pipeline(lock, log, broker, settings, training);
            try {
                Runtime.getRuntime().addShutdownHook(pipeline.atExit);
                pipeline.startServices(say);
                return pipeline;
            } catch (RuntimeException e) {
                pipeline.close();
                throw e;
            }
        } catch (RuntimeException e) {
            letGo(lock);
            throw e;
        }
    }

    /// Two of the same data would be the same instance to Kafka, and push each other out.
    private static FolderLock locked(Path data) {
        try {
            return FolderLock.take(data, "./aviary up");
        } catch (IOException e) {
            throw new Problem(String.valueOf(e.getMessage()));
        }
    }

    private static void letGo(FolderLock lock) {
        try {
            lock.close();
        } catch (IOException e) {
            throw new Problem("the pipeline's folder couldn't be let go: " + e.getMessage());
        }
    }

    private static EmbeddedBroker required(@Nullable EmbeddedBroker broker) {
        if (broker == null) {
            throw new IllegalStateException("no broker");
        }
        return broker;
    }

    private static EmbeddedBroker startBroker(Settings settings, Consumer<String> say) {
        long begin = System.nanoTime();
        try {
            var broker = EmbeddedBroker.start(settings.data().resolve("broker"), settings.brokerPort());
            say.accept("Kafka (embedded) listens on %s, data in %s (%s)"
                    .formatted(broker.bootstrapServers(), settings.data().resolve("broker"), took(begin)));
            return broker;
        } catch (IOException e) {
            throw new Problem(String.valueOf(e.getMessage()));
        }
    }

    private void startServices(Consumer<String> say) {
        long begin = System.nanoTime();
        ensureTopics();
        var free = settings.firstPort() == 0 ? freePorts(SERVICES.size()) : List.<Integer>of();
        for (int i = 0; i < SERVICES.size(); i++) {
            int port = free.isEmpty() ? settings.firstPort() + i : free.get(i);
            var name = SERVICES.get(i);
            if (ending) {
                throw ServiceProcess.stopped();
            }
            services.add(ServiceProcess.start(name, port, settings, properties(name), training, say));
        }
        for (var service : services) {
            service.awaitReady(READY);
            say.accept(
                    "%-8s listens on http://127.0.0.1:%d (%s)".formatted(service.name(), service.port(), took(begin)));
        }
    }

    private void ensureTopics() {
        try (var admin = log.admin()) {
            var problems = new Topics(settings.topicPrefix()).ensure(admin, settings.replicationFactor());
            if (!problems.isEmpty()) {
                throw new Problem(String.join(" ", problems));
            }
        }
    }

    private Map<String, String> properties(String service) {
        var all = new TreeMap<String, String>();
        var prefix = "aviary." + service + ".";
        all.put(prefix + "bootstrap-servers", log.bootstrap());
        // A file's name: what it holds would be seen by whoever lists processes.
        settings.kafkaConfig().ifPresent(file -> all.put(prefix + "client-properties", file.toString()));
        all.put(prefix + "topic-prefix", settings.topicPrefix());
        all.put(prefix + "replication-factor", Short.toString(settings.replicationFactor()));
        all.put(prefix + "cluster-name", settings.clusterName());
        all.put(prefix + "instance-id", service + "-" + instance(settings.data()));
        settings.namespace().ifPresent(namespace -> all.put(prefix + "namespace", namespace));
        switch (service) {
            case "detector" -> all.put(prefix + "mesh-provider", settings.meshProvider());
            case "router" -> {
                all.put(prefix + "state-dir", state(service));
                all.put(prefix + "mesh-provider", settings.meshProvider());
            }
            case "analyzer" -> {
                all.put(prefix + "state-dir", state(service));
                all.put(prefix + "metrics-server", settings.metricsServer());
            }
            default -> {}
        }
        all.putAll(settings.serviceOptions().getOrDefault(service, Map.of()));
        return all;
    }

    /// What tells this pipeline's services from another's on the same Kafka, the same after each restart.
    static String instance(Path data) {
        var file = data.resolve("instance");
        try {
            Files.createDirectories(data);
            if (Files.notExists(file) || Files.size(file) == 0) {
                Files.writeString(file, "%08x".formatted(new SecureRandom().nextInt()));
            }
            return Files.readString(file);
        } catch (IOException e) {
            throw new Problem("%s can't be written: %s.".formatted(file, e.getMessage()));
        }
    }

    private String state(String service) {
        return settings.data().resolve("state").resolve(service).toString();
    }

    /// Where the log is.
    public LogConnection log() {
        return log;
    }

    public List<ServiceProcess> services() {
        return List.copyOf(services);
    }

    /// @param name such as `router`
    public ServiceProcess service(String name) {
        return services.stream()
                .filter(one -> one.name().equals(name))
                .findFirst()
                .orElseThrow();
    }

    /// All are held until the last is found: one that was let go may be given once more.
    static List<Integer> freePorts(int count) {
        if (count == 0) {
            return List.of();
        }
        try (var socket = new ServerSocket()) {
            socket.bind(new InetSocketAddress(Inet4Address.ofLiteral("127.0.0.1"), 0));
            return Stream.concat(Stream.of(socket.getLocalPort()), freePorts(count - 1).stream())
                    .toList();
        } catch (IOException e) {
            throw new Problem("no free port on 127.0.0.1: " + e.getMessage());
        }
    }

    static String took(long beginNanos) {
        return "%.1f s".formatted((System.nanoTime() - beginNanos) / 1e9);
    }

    /// Services first, so that they can still say goodbye to the broker.
    @Override
    public void close() {
        end();
        services.forEach(ServiceProcess::awaitEnd);
        try {
            if (broker != null) {
                broker.close();
            }
        } catch (IOException e) {
            throw new Problem("the broker's folder couldn't be let go: " + e.getMessage());
        } finally {
            broker = null;
            letGo(lock);
            forget(atExit);
        }
    }

    private void end() {
        ending = true;
        services.forEach(ServiceProcess::end);
    }

    private static void forget(Thread atExit) {
        try {
            Runtime.getRuntime().removeShutdownHook(atExit);
        } catch (IllegalStateException _) { // it is what ends us
        }
    }

    /// Where a service's words go.
    static Path logFile(Path data, String service) {
        try {
            return Files.createDirectories(data.resolve("logs")).resolve(service + ".log");
        } catch (IOException e) {
            throw new Problem("%s can't be made: %s.".formatted(data.resolve("logs"), e.getMessage()));
        }
    }
}
