package dev.aviary.cli.replay;

import dev.aviary.eventlog.streams.EmbeddedBroker;
import dev.aviary.eventlog.topics.ClusterNames;
import dev.aviary.eventlog.topics.LogConnection;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/// A [WrittenLog] on a broker of its own: `aviary replay` reads it as any other.
final class PracticeLog implements AutoCloseable {
    private final EmbeddedBroker broker;

    private PracticeLog(EmbeddedBroker broker) {
        this.broker = broker;
    }

    /// @param folder  of the broker
    /// @param records in all, at least
    /// @param looks   as in [WrittenLog]
    static PracticeLog write(Path folder, long records, int looks) throws IOException, InterruptedException {
        var practice = new PracticeLog(EmbeddedBroker.start(folder, 0));
        try {
            practice.fill(records, looks);
            return practice;
        } catch (ExecutionException e) {
            practice.close();
            throw new KafkaException(e.getCause());
        }
    }

    private void fill(long records, int looks) throws ExecutionException, InterruptedException {
        var log = connection();
        var topics = WrittenLog.TOPICS;
        var keepsAll = Map.of("retention.ms", "-1"); // its times are long ago
        try (var admin = log.admin()) {
            admin.createTopics(Stream.of(topics.rolloutEvents(), topics.measurements(), topics.meta())
                            .map(name -> new NewTopic(name, 1, (short) 1).configs(keepsAll))
                            .toList())
                    .all()
                    .get();
        }
        new ClusterNames(log, topics).add(WrittenLog.CHECKOUT.cluster());
        var settings = new HashMap<>(log.properties());
        settings.put(ProducerConfig.LINGER_MS_CONFIG, 20);
        settings.put(ProducerConfig.BATCH_SIZE_CONFIG, 1_000_000);
        try (var kafka = new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer())) {
            new WrittenLog(looks, record -> {
                        var _ = kafka.send(record); // one that is lost would be found by the replay
                    })
                    .fill(records);
        }
    }

    LogConnection connection() {
        return LogConnection.to(broker.bootstrapServers());
    }

    /// What `aviary replay` is to be told.
    List<String> arguments() {
        var canary = WrittenLog.CHECKOUT;
        return List.of(canary.namespace() + "/" + canary.name(), "--kafka", broker.bootstrapServers());
    }

    @Override
    public void close() throws IOException {
        broker.close();
    }
}
