package dev.aviary.notifier;

import dev.aviary.eventlog.topics.LogConnection;
import io.smallrye.reactive.messaging.ClientCustomizer;
import jakarta.enterprise.context.ApplicationScoped;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.eclipse.microprofile.config.Config;

/// How every Kafka client here is set up: the channels get the further properties too.
@ApplicationScoped
public class Kafka implements ClientCustomizer<Map<String, Object>> {
    private final NotifierConfig config;

    public Kafka(NotifierConfig config) {
        this.config = config;
    }

    public static LogConnection connection(NotifierConfig config) {
        var given = new LogConnection(config.bootstrapServers(), config.kafka());
        return config.clientProperties().map(file -> read(given, file)).orElse(given);
    }

    private static LogConnection read(LogConnection given, Path file) {
        try {
            return given.with(file);
        } catch (IOException unreadable) {
            throw new UncheckedIOException(
                    "The Kafka client properties in %s can't be read: %s.".formatted(file, unreadable.getMessage()),
                    unreadable);
        }
    }

    /// For producers: brokers that are away are waited for, nothing is given up.
    public static LogConnection patient(NotifierConfig config) {
        var properties = new HashMap<>(connection(config).extra());
        properties.putIfAbsent(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, Integer.toString(Integer.MAX_VALUE));
        return new LogConnection(config.bootstrapServers(), properties);
    }

    @Override
    public Map<String, Object> customize(String channel, Config channelConfig, Map<String, Object> properties) {
        if (channel.startsWith("notifier-")) {
            properties.putAll(connection(config).extra());
            // Each channel is a group of its own, so that one name does for all.
            config.instanceId().ifPresent(name -> properties.put(ConsumerConfig.GROUP_INSTANCE_ID_CONFIG, name));
        }
        return properties;
    }
}
