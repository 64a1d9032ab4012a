package dev.aviary.cli.story;

import dev.aviary.eventlog.codec.EventCodec;
import dev.aviary.eventlog.codec.Read;
import dev.aviary.eventlog.topics.LogConnection;
import dev.aviary.events.CanaryKey;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;

/// Reads the log for people: what is committed, in its order. What can't be read is passed over here; it stands in
/// the dead-letter topic.
public final class LogReader {
    private static final Duration PATIENCE = Duration.ofMillis(200);
    private final EventCodec codec = new EventCodec(InstantSource.system());
    private final LogConnection log;
    private final String topic;

    public LogReader(LogConnection log, String topic) {
        this.log = log;
        this.topic = topic;
    }

    /// From the beginning to what is the end now.
    public void history(Consumer<Entry> each) {
        try (var consumer = log.consumer()) {
            var partitions = assigned(consumer);
            consumer.seekToBeginning(partitions);
            var ends = consumer.endOffsets(partitions);
            while (!reached(consumer, ends)) {
                consumer.poll(PATIENCE).forEach(record -> read(record).ifPresent(each));
            }
        }
    }

    /// From now on, until `done`.
    public void follow(BooleanSupplier done, Runnable started, Consumer<Entry> each) {
        try (var consumer = log.consumer()) {
            var partitions = assigned(consumer);
            consumer.seekToEnd(partitions);
            partitions.forEach(consumer::position);
            started.run();
            while (!done.getAsBoolean()) {
                consumer.poll(PATIENCE).forEach(record -> read(record).ifPresent(each));
            }
        }
    }

    private List<TopicPartition> assigned(KafkaConsumer<byte[], byte[]> consumer) {
        var partitions = consumer.partitionsFor(topic).stream()
                .map(info -> new TopicPartition(topic, info.partition()))
                .toList();
        consumer.assign(partitions);
        return partitions;
    }

    private static boolean reached(KafkaConsumer<byte[], byte[]> consumer, Map<TopicPartition, Long> ends) {
        return ends.entrySet().stream().allMatch(end -> consumer.position(end.getKey()) >= end.getValue());
    }

    private Optional<Entry> read(ConsumerRecord<byte[], byte[]> record) {
        if (record.key() == null || !(codec.read(record.headers(), record.value()) instanceof Read.Event(var logged))) {
            return Optional.empty();
        }
        try {
            var key = CanaryKey.of(new String(record.key(), StandardCharsets.UTF_8));
            return Optional.of(new Entry(
                    key, record.partition(), record.offset(), Instant.ofEpochMilli(record.timestamp()), logged));
        } catch (IllegalArgumentException e) {
            return Optional.empty(); // not a canary's
        }
    }
}
