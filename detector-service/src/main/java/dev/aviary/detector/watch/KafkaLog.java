package dev.aviary.detector.watch;

import dev.aviary.eventlog.LoggedEvent;
import dev.aviary.eventlog.codec.EventCodec;
import dev.aviary.eventlog.codec.Read;
import dev.aviary.eventlog.topics.History;
import dev.aviary.eventlog.topics.LogConnection;
import dev.aviary.eventlog.topics.Topics;
import dev.aviary.events.CanaryKey;
import dev.aviary.events.DetectorEvent;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;

/// The log in Kafka: an idempotent producer, which keeps the order of a canary and waits for brokers that are away.
public final class KafkaLog implements Log, AutoCloseable {
    private static final Duration FAREWELL = Duration.ofSeconds(5);

    private final LogConnection connection;
    private final String topic;
    private final String cluster;
    private final EventCodec codec;
    private final KafkaProducer<byte[], byte[]> producer;
    private volatile Optional<String> lost = Optional.empty();

    public KafkaLog(LogConnection connection, Topics topics, String cluster, InstantSource clock) {
        var patient = new HashMap<>(connection.extra());
        patient.putIfAbsent(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, Integer.toString(Integer.MAX_VALUE));
        patient.putIfAbsent(ProducerConfig.MAX_BLOCK_MS_CONFIG, "10000");
        this.connection = new LogConnection(connection.bootstrap(), patient);
        this.topic = topics.rolloutEvents();
        this.cluster = cluster;
        this.codec = new EventCodec(clock);
        this.producer = this.connection.producer();
    }

    @Override
    public Map<CanaryKey, Said> read() {
        producer.flush(); // what is on its way would be said twice
        lost = Optional.empty();
        var all = new HashMap<CanaryKey, Said>();
        try (var entries = History.ofAll(connection, topic)) {
            entries.filter(entry -> entry.key().cluster().equals(cluster)).forEach(entry -> {
                if (entry.read() instanceof Read.Event(var logged) && logged.event() instanceof DetectorEvent event) {
                    all.put(
                            entry.key(),
                            all.getOrDefault(entry.key(), Said.NOTHING).and(event, entry.timestamp()));
                }
            });
        }
        return all;
    }

    @Override
    public void say(CanaryKey key, LoggedEvent event) {
        var _ = producer.send(codec.write(topic, key, event), (_, failure) -> {
            if (failure != null) {
                lost = Optional.of("%s doesn't take %s: %s".formatted(connection, event.id(), failure.getMessage()));
            }
        });
    }

    @Override
    public Optional<String> lost() {
        return lost;
    }

    @Override
    public void close() {
        producer.close(FAREWELL);
    }
}
