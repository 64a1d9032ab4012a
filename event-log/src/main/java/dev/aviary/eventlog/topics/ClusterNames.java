package dev.aviary.eventlog.topics;

import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.SequencedSet;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/// The clusters that a log tells of, one record each in `aviary.meta` with the key `cluster/<name>`.
///
/// The name is in every key and can't be changed later: a detector that was started with another one would tell the
/// same canaries a second time. So the first name that comes to an empty log is taken, any other must be added.
public final class ClusterNames {
    private static final String KEY = "cluster/";

    private final LogConnection log;
    private final Topics topics;

    public ClusterNames(LogConnection log, Topics topics) {
        this.log = log;
        this.topics = topics;
    }

    /// In the order in which they came.
    ///
    /// @throws KafkaException if the brokers don't answer
    public SequencedSet<String> all() {
        var names = new LinkedHashSet<String>();
        var meta = new TopicPartition(topics.meta(), 0);
        try (var consumer = log.consumer(new StringDeserializer(), new StringDeserializer())) {
            consumer.assign(List.of(meta));
            consumer.seekToBeginning(List.of(meta));
            long end = Optional.ofNullable(consumer.endOffsets(List.of(meta)).get(meta))
                    .orElseThrow();
            while (consumer.position(meta) < end) {
                consumer.poll(Duration.ofSeconds(1)).forEach(record -> {
                    if (record.key() != null && record.key().startsWith(KEY)) {
                        var name = record.key().substring(KEY.length());
                        var _ = record.value() == null ? names.remove(name) : names.add(name);
                    }
                });
            }
        }
        return names;
    }

    /// Takes an empty log for this cluster.
    ///
    /// @return why not, in a sentence; empty if the log is this cluster's, too
    /// @throws KafkaException if the brokers don't answer
    public Optional<String> claim(String name) {
        var names = all();
        if (names.isEmpty()) {
            add(name);
            names = all();
            if (!names.getFirst().equals(name)) { // two came to the empty log, the other was first
                put(name, Optional.empty());
                names.remove(name);
            }
        }
        return names.contains(name)
                ? Optional.empty()
                : Optional.of(
                        "The log of %s tells of cluster %s, and --cluster-name is \"%s\". Take that name, or add this one to the log."
                                .formatted(log, String.join(", ", names), name));
    }

    /// A further cluster into the same log, on purpose.
    public void add(String name) {
        put(name, Optional.of(name));
    }

    private void put(String name, Optional<String> value) {
        try (var producer = log.producer(new StringSerializer(), new StringSerializer())) {
            producer.send(new ProducerRecord<>(topics.meta(), 0, KEY + name, value.orElse(null)))
                    .get();
        } catch (java.util.concurrent.ExecutionException e) {
            throw new KafkaException("%s can't be written: %s".formatted(topics.meta(), e.getMessage()), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new org.apache.kafka.common.errors.InterruptException(e);
        }
    }
}
