package dev.aviary.cli.story;

import dev.aviary.eventlog.codec.EventCodec;
import dev.aviary.eventlog.codec.Read;
import dev.aviary.eventlog.topics.LogConnection;
import dev.aviary.events.CanaryKey;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;

/// Reads the log for people: what is committed, in its order. What can't be read is passed over here; it stands in
/// the dead-letter topic.
public final class LogReader {
    private static final Duration PATIENCE = Duration.ofMillis(200);
    private final LogConnection log;
    private final String topic;

    public LogReader(LogConnection log, String topic) {
        this.log = log;
        this.topic = topic;
    }

    /// From the beginning to what is the end now.
    public void history(Consumer<Entry> each) {
        var over = new AtomicBoolean();
        since(Instant.EPOCH, over::get, () -> over.set(true), each);
    }

    /// From now on, until `done`.
    public void follow(BooleanSupplier done, Runnable started, Consumer<Entry> each) {
        since(Instant.MAX, done, started, each);
    }

    /// What was written since then, and goes on with what comes, until `done`.
    ///
    /// @param caughtUp is told when what was the end at the beginning is reached
    public void since(Instant then, BooleanSupplier done, Runnable caughtUp, Consumer<Entry> each) {
        try (var consumer = log.consumer()) {
            var partitions = assigned(consumer);
            var ends = consumer.endOffsets(partitions);
            seek(consumer, partitions, then);
            boolean behind = true;
            while (!done.getAsBoolean()) {
                if (behind && reached(consumer, ends)) {
                    behind = false;
                    caughtUp.run();
                } else {
                    consumer.poll(PATIENCE).forEach(record -> read(record).ifPresent(each));
                }
            }
        }
    }

    private static void seek(KafkaConsumer<byte[], byte[]> consumer, List<TopicPartition> partitions, Instant then) {
        if (then.equals(Instant.EPOCH)) {
            consumer.seekToBeginning(partitions);
            return;
        }
        consumer.seekToEnd(partitions);
        if (then.isBefore(Instant.MAX)) {
            var times = partitions.stream().collect(Collectors.toMap(at -> at, _ -> then.toEpochMilli()));
            consumer.offsetsForTimes(times).forEach((partition, found) -> {
                if (found != null) { // nothing so late
                    consumer.seek(partition, found.offset());
                }
            });
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
        if (record.key() == null
                || !(EventCodec.read(record.headers(), record.value()) instanceof Read.Event(var logged))) {
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
