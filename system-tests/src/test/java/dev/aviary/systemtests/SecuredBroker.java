package dev.aviary.systemtests;

import dev.aviary.eventlog.streams.EmbeddedBroker;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// A real broker that takes nobody without TLS and a password.
final class SecuredBroker implements AutoCloseable {
    private static final String LOGIN =
            "org.apache.kafka.common.security.plain.PlainLoginModule required username=\"%s\" password=\"%s\" ";

    private final EmbeddedBroker broker;
    private final Path folder;

    private SecuredBroker(EmbeddedBroker broker, Path folder) {
        this.broker = broker;
        this.folder = folder;
    }

    static SecuredBroker start(Path folder) throws IOException, InterruptedException {
        keytool(
                "-genkeypair",
                "-alias",
                "kafka",
                "-keyalg",
                "EC",
                "-dname",
                "CN=127.0.0.1",
                "-ext",
                "SAN=ip:127.0.0.1",
                "-validity",
                "2",
                "-keystore",
                folder.resolve("broker.p12").toString(),
                "-storetype",
                "PKCS12",
                "-storepass",
                "changeit");
        keytool(
                "-exportcert",
                "-rfc",
                "-alias",
                "kafka",
                "-keystore",
                folder.resolve("broker.p12").toString(),
                "-storepass",
                "changeit",
                "-file",
                folder.resolve("broker.pem").toString());
        var settings = new TreeMap<String, String>();
        settings.put("listener.security.protocol.map", "CLIENTS:SASL_SSL,CONTROLLER:PLAINTEXT");
        settings.put("sasl.mechanism.inter.broker.protocol", "PLAIN");
        settings.put("listener.name.clients.sasl.enabled.mechanisms", "PLAIN");
        settings.put(
                "listener.name.clients.plain.sasl.jaas.config",
                LOGIN.formatted("broker", "broker-secret")
                        + "user_broker=\"broker-secret\" user_aviary=\"aviary-secret\";");
        settings.put("ssl.keystore.location", folder.resolve("broker.p12").toString());
        settings.put("ssl.keystore.password", "changeit");
        settings.putAll(trust(folder));
        return new SecuredBroker(EmbeddedBroker.start(folder.resolve("kafka"), 0, settings), folder);
    }

    String bootstrapServers() {
        return broker.bootstrapServers();
    }

    /// As Kafka's own tools take it.
    Path clientProperties(String password) throws IOException {
        var lines = new TreeMap<>(trust(folder));
        lines.put("security.protocol", "SASL_SSL");
        lines.put("sasl.mechanism", "PLAIN");
        lines.put("sasl.jaas.config", LOGIN.formatted("aviary", password).strip() + ";");
        return Files.write(
                folder.resolve("client-%s.properties".formatted(password.length())),
                lines.entrySet().stream()
                        .map(line -> line.getKey() + "=" + line.getValue())
                        .toList());
    }

    private static Map<String, String> trust(Path folder) {
        return Map.of(
                "ssl.truststore.type",
                "PEM",
                "ssl.truststore.location",
                folder.resolve("broker.pem").toString());
    }

    private static void keytool(String... arguments) throws IOException, InterruptedException {
        var command = new java.util.ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString()));
        command.addAll(List.of(arguments));
        var process = new ProcessBuilder(command).redirectErrorStream(true).start();
        var said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            throw new IOException("keytool: " + said);
        }
    }

    @Override
    public void close() throws IOException {
        broker.close();
    }
}
