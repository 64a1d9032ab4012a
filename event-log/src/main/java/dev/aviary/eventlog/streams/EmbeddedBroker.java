package dev.aviary.eventlog.streams;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.Inet4Address;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import kafka.server.KafkaConfig;
import kafka.server.KafkaRaftServer;
import kafka.tools.StorageTool;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.utils.Time;

/// A real Kafka broker, with its controller, in this process: for a playground, a demo and tests. It listens on
/// 127.0.0.1 only, and keeps its data: a later start on the same folder goes on with it.
///
/// Who uses it adds `kafka_2.13`, `kafka-server` and `kafka-server-common` to its dependencies.
public final class EmbeddedBroker implements AutoCloseable {
    private static final String HOST = "127.0.0.1";
    private static final String SETTINGS = "broker.properties";

    private final KafkaRaftServer server;
    private final FolderLock lock;
    private final int port;

    private EmbeddedBroker(KafkaRaftServer server, FolderLock lock, int port) {
        this.server = server;
        this.lock = lock;
        this.port = port;
    }

    /// Returns when clients can connect.
    ///
    /// @param data folder of its own; made if it isn't there
    /// @param port 0: any that is free
    /// @throws IOException in one sentence, if the port or the folder is taken
    public static EmbeddedBroker start(Path data, int port) throws IOException {
        return start(data, port, Map.of());
    }

    /// @param more Kafka's own settings besides, or in place of, those below: for a listener with TLS or passwords
    public static EmbeddedBroker start(Path data, int port, Map<String, String> more) throws IOException {
        var lock = FolderLock.take(data, "broker");
        try {
            int clients = free(port);
            var settings = settings(data, clients, free(0));
            settings.putAll(more);
            format(data, settings);
            var server = new KafkaRaftServer(new KafkaConfig(settings, false), Time.SYSTEM);
            try {
                server.startup();
            } catch (RuntimeException e) {
                server.shutdown();
                throw new IOException("Kafka in %s doesn't start: %s".formatted(data, e.getMessage()), e);
            }
            return new EmbeddedBroker(server, lock, clients);
        } catch (IOException | RuntimeException e) {
            lock.close();
            throw e;
        }
    }

    /// For clients: `127.0.0.1:9092`.
    public String bootstrapServers() {
        return HOST + ":" + port;
    }

    /// Returns when it is down and its folder is free.
    @Override
    public void close() throws IOException {
        server.shutdown();
        server.awaitShutdown();
        lock.close();
    }

    private static int free(int port) throws IOException {
        try (var socket = new ServerSocket()) {
            socket.setReuseAddress(true);
            socket.bind(new InetSocketAddress(Inet4Address.ofLiteral(HOST), port));
            return socket.getLocalPort();
        } catch (java.net.BindException e) {
            throw new IOException(
                    "Port %d on %s is taken. Stop what listens there, or take another port.".formatted(port, HOST), e);
        }
    }

    private static Map<String, String> settings(Path data, int clients, int controller) {
        var settings = new TreeMap<String, String>();
        settings.put("process.roles", "broker,controller");
        settings.put("node.id", "1");
        settings.put("controller.quorum.voters", "1@%s:%d".formatted(HOST, controller));
        settings.put("controller.listener.names", "CONTROLLER");
        settings.put("listeners", "CLIENTS://%1$s:%2$d,CONTROLLER://%1$s:%3$d".formatted(HOST, clients, controller));
        settings.put("advertised.listeners", "CLIENTS://%s:%d".formatted(HOST, clients));
        settings.put("listener.security.protocol.map", "CLIENTS:PLAINTEXT,CONTROLLER:PLAINTEXT");
        settings.put("inter.broker.listener.name", "CLIENTS");
        settings.put("log.dirs", data.resolve("log").toAbsolutePath().toString());
        settings.put("auto.create.topics.enable", "false");
        settings.put("default.replication.factor", "1");
        settings.put("offsets.topic.replication.factor", "1");
        settings.put("offsets.topic.num.partitions", "3");
        settings.put("transaction.state.log.replication.factor", "1");
        settings.put("transaction.state.log.min.isr", "1");
        settings.put("transaction.state.log.num.partitions", "3");
        settings.put("share.coordinator.state.topic.replication.factor", "1");
        settings.put("share.coordinator.state.topic.min.isr", "1");
        // A dead writer's transaction hides what came after it: the default looks every 10 s.
        settings.put("transaction.abort.timed.out.transaction.cleanup.interval.ms", "1000");
        settings.put("group.initial.rebalance.delay.ms", "0");
        // After a kill the controller takes the broker for alive so long, and doesn't let its successor in.
        settings.put("broker.session.timeout.ms", "3000");
        settings.put("broker.heartbeat.interval.ms", "500");
        settings.put("log.segment.bytes", Integer.toString(64 * 1024 * 1024));
        settings.put("log.cleaner.dedupe.buffer.size", Integer.toString(4 * 1024 * 1024));
        settings.put("num.network.threads", "2");
        settings.put("num.io.threads", "4");
        return settings;
    }

    /// Once: a folder that is formatted stays as it is.
    private static void format(Path data, Map<String, String> settings) throws IOException {
        if (Files.exists(data.resolve("log").resolve("meta.properties"))) {
            return;
        }
        var file = data.resolve(SETTINGS);
        var properties = new Properties();
        properties.putAll(settings);
        try (var text = Files.newBufferedWriter(file)) {
            properties.store(text, "as it was when this folder was formatted");
        }
        var said = new ByteArrayOutputStream();
        int result = StorageTool.execute(
                new String[] {
                    "format",
                    "--config",
                    file.toString(),
                    "--cluster-id",
                    Uuid.randomUuid().toString()
                },
                new PrintStream(said, true, StandardCharsets.UTF_8));
        if (result != 0) {
            throw new IOException("Kafka can't use the folder %s: %s"
                    .formatted(data, said.toString(StandardCharsets.UTF_8).strip()));
        }
    }
}
