package dev.aviary.eventlog.topics;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.CommonClientConfigs;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.common.errors.AuthenticationException;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serializer;

/// Where the log is, and how one gets in.
///
/// @param bootstrap `host:port`, comma-separated
/// @param extra     Kafka's own client properties, for SASL and TLS; they may hold secrets
public record LogConnection(String bootstrap, Map<String, String> extra) {
    public LogConnection {
        extra = Map.copyOf(extra);
    }

    public static LogConnection to(String bootstrap) {
        return new LogConnection(bootstrap, Map.of());
    }

    /// With the properties of a file, as Kafka's command-line tools take it (`--command-config`); those that are set
    /// already win.
    ///
    /// @throws IOException if the file can't be read
    public LogConnection with(Path file) throws IOException {
        var properties = new Properties();
        try (var text = Files.newBufferedReader(file)) {
            properties.load(text);
        }
        var all = new HashMap<String, String>();
        properties.stringPropertyNames().forEach(name -> all.put(name, properties.getProperty(name)));
        all.putAll(extra);
        return new LogConnection(bootstrap, all);
    }

    /// What every client needs.
    public Map<String, Object> properties() {
        var properties = new TreeMap<String, Object>(extra);
        properties.put(CommonClientConfigs.BOOTSTRAP_SERVERS_CONFIG, bootstrap);
        return properties;
    }

    public Admin admin() {
        return Admin.create(properties());
    }

    /// Reads what is committed, from the beginning, and commits nothing by itself.
    public <K, V> KafkaConsumer<K, V> consumer(Deserializer<K> keys, Deserializer<V> values) {
        return new KafkaConsumer<>(reading(), keys, values);
    }

    public KafkaConsumer<byte[], byte[]> consumer() {
        return consumer(new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }

    /// Idempotent, acknowledged by all, sent at once.
    public <K, V> KafkaProducer<K, V> producer(Serializer<K> keys, Serializer<V> values) {
        return new KafkaProducer<>(writing(), keys, values);
    }

    public KafkaProducer<byte[], byte[]> producer() {
        return producer(new ByteArraySerializer(), new ByteArraySerializer());
    }

    /// Why the log can't be reached, in one sentence; empty if it can.
    public Optional<String> problem(Duration timeout) {
        var properties = new HashMap<>(properties());
        int millis = Math.toIntExact(timeout.toMillis());
        properties.put(AdminClientConfig.REQUEST_TIMEOUT_MS_CONFIG, millis);
        properties.put(AdminClientConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, millis);
        try (var admin = Admin.create(properties)) {
            var _ = admin.describeCluster().nodes().get(2L * millis, TimeUnit.MILLISECONDS);
            return Optional.empty();
        } catch (ExecutionException e) {
            return Optional.of(sentence(e.getCause(), timeout));
        } catch (KafkaException e) {
            return Optional.of(sentence(e, timeout));
        } catch (java.util.concurrent.TimeoutException e) {
            return Optional.of(sentence(e, timeout));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Optional.of("Kafka at %s: interrupted while asking.".formatted(bootstrap));
        }
    }

    private String sentence(@org.jspecify.annotations.Nullable Throwable failure, Duration timeout) {
        return switch (failure) {
            case AuthenticationException e ->
                "Kafka at %s refuses our credentials: %s. Check the client properties file."
                        .formatted(bootstrap, e.getMessage());
            case AuthorizationException e ->
                "Kafka at %s lets us in, but not at this: %s. Grant it.".formatted(bootstrap, e.getMessage());
            case TimeoutException _, java.util.concurrent.TimeoutException _ ->
                "Kafka at %s doesn't answer within %d s. Check that it runs, the address, and whether it asks for TLS."
                        .formatted(bootstrap, timeout.toSeconds());
            case KafkaException e
            when e.getCause() instanceof ConfigException cause ->
                "Kafka at %s can't be asked: %s.".formatted(bootstrap, cause.getMessage());
            case null -> "Kafka at %s can't be asked.".formatted(bootstrap);
            default -> "Kafka at %s can't be asked: %s.".formatted(bootstrap, failure.getMessage());
        };
    }

    private Map<String, Object> reading() {
        var properties = properties();
        properties.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
        properties.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
        properties.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
        properties.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, 5_000); // each poll has a price of its own
        properties.put(ConsumerConfig.RECEIVE_BUFFER_CONFIG, -1); // the system's: 64 kB are many reads of a long log
        properties.put(ConsumerConfig.FETCH_MAX_WAIT_MS_CONFIG, 100); // its close waits for the fetch under way
        properties.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, false);
        return properties;
    }

    private Map<String, Object> writing() {
        var properties = properties();
        properties.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true);
        properties.put(ProducerConfig.ACKS_CONFIG, "all");
        properties.put(ProducerConfig.LINGER_MS_CONFIG, 0);
        return properties;
    }

    /// Without the extra properties: they may hold secrets.
    @Override
    public String toString() {
        return "Kafka at " + bootstrap;
    }
}
