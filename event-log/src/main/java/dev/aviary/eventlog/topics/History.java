package dev.aviary.eventlog.topics;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.aviary.eventlog.codec.EventCodec;
import dev.aviary.eventlog.codec.Read;
import dev.aviary.events.CanaryKey;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.Set;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.internals.BuiltInPartitioner;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;

/// A topic of events from its beginning to the end that it had when it was asked: what is committed, nothing else.
/// However long it is, only what one poll brings is held. To be closed.
public final class History {
    private static final Duration POLL = Duration.ofSeconds(1);
    private static final int PATIENCE = 30;

    private History() {}

    /// Of every canary: each one's records in order, the canaries' in any.
    ///
    /// @throws KafkaException here or while it is read, if the brokers don't answer
    public static Stream<Entry> ofAll(LogConnection log, String topic) {
        return read(log, topic, Optional.empty());
    }

    /// Of one canary, in order; only its own partition is read.
    ///
    /// @throws KafkaException here or while it is read, if the brokers don't answer
    public static Stream<Entry> of(LogConnection log, String topic, CanaryKey key) {
        return read(log, topic, Optional.of(key));
    }

    /// Offset of the oldest record that is still where a canary's records lie.
    ///
    /// @throws KafkaException if the brokers don't answer
    public static long first(LogConnection log, String topic, CanaryKey key) {
        try (var consumer = log.consumer()) {
            var at = new TopicPartition(
                    topic, partition(key, consumer.partitionsFor(topic).size()));
            return Optional.ofNullable(consumer.beginningOffsets(List.of(at)).get(at))
                    .orElseThrow();
        }
    }

    /// Where a canary's records lie.
    public static int partition(CanaryKey key, int partitions) {
        return BuiltInPartitioner.partitionForKey(key.toString().getBytes(UTF_8), partitions);
    }

    private static Stream<Entry> read(LogConnection log, String topic, Optional<CanaryKey> key) {
        var consumer = log.consumer();
        try {
            int count = consumer.partitionsFor(topic).size();
            if (count == 0) {
                throw new KafkaException("%s has no topic %s".formatted(log, topic));
            }
            var partitions = java.util.stream.IntStream.range(0, count)
                    .filter(partition -> key.isEmpty() || partition(key.get(), count) == partition)
                    .mapToObj(partition -> new TopicPartition(topic, partition))
                    .toList();
            var reading = new Reading(log, consumer, partitions, key);
            var entries = Spliterators.spliteratorUnknownSize(reading, Spliterator.ORDERED | Spliterator.NONNULL);
            return StreamSupport.stream(entries, false).onClose(consumer::close);
        } catch (RuntimeException e) {
            consumer.close();
            throw e;
        }
    }

    private static final class Reading implements Iterator<Entry> {
        private final LogConnection log;
        private final Consumer<byte[], byte[]> consumer;
        private final Map<Integer, Long> ends;
        private final Set<TopicPartition> unfinished;
        private final Optional<CanaryKey> key;
        private final byte[] written;
        private Iterator<ConsumerRecord<byte[], byte[]>> polled = Collections.emptyIterator();
        private Optional<Entry> next = Optional.empty();

        /// @param key whose records are read alone: another's aren't even decoded
        Reading(
                LogConnection log,
                Consumer<byte[], byte[]> consumer,
                List<TopicPartition> partitions,
                Optional<CanaryKey> key) {
            this.log = log;
            this.consumer = consumer;
            this.key = key;
            this.written = key.map(CanaryKey::toString).orElse("").getBytes(UTF_8);
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            ends = new HashMap<>(); // read_committed: up to the first transaction that is open
            consumer.endOffsets(partitions).forEach((partition, end) -> ends.put(partition.partition(), end));
            unfinished = new HashSet<>(partitions);
        }

        @Override
        public boolean hasNext() {
            while (next.isEmpty() && (polled.hasNext() || poll())) {
                next = Optional.of(polled.next()).filter(this::isAsked).map(this::entry);
            }
            return next.isPresent();
        }

        @Override
        public Entry next() {
            if (!hasNext()) {
                throw new NoSuchElementException();
            }
            var entry = next.orElseThrow();
            next = Optional.empty();
            return entry;
        }

        /// A position behind the last record tells the end: what lies between are marks of transactions.
        private boolean poll() {
            for (int idle = 0; idle < PATIENCE; idle++) {
                unfinished.removeIf(partition -> consumer.position(partition) >= end(partition.partition()));
                if (unfinished.isEmpty()) {
                    return false;
                }
                consumer.pause(consumer.assignment().stream()
                        .filter(partition -> !unfinished.contains(partition))
                        .toList());
                polled = consumer.poll(POLL).iterator();
                if (polled.hasNext()) {
                    return true;
                }
            }
            throw new KafkaException(
                    "%s stopped answering while %s was read; read it again when it is back".formatted(log, unfinished));
        }

        private boolean isAsked(ConsumerRecord<byte[], byte[]> record) {
            return (key.isEmpty() || Arrays.equals(record.key(), written)) && record.offset() < end(record.partition());
        }

        private long end(int partition) {
            return Optional.ofNullable(ends.get(partition)).orElseThrow();
        }

        private Entry entry(ConsumerRecord<byte[], byte[]> record) {
            if (key.isPresent()) {
                return entry(record, key.get(), EventCodec.read(record.headers(), record.value()));
            }
            var text = record.key() == null ? "" : new String(record.key(), UTF_8);
            try {
                return entry(record, CanaryKey.of(text), EventCodec.read(record.headers(), record.value()));
            } catch (IllegalArgumentException e) {
                return entry(record, new CanaryKey("", "", text), new Read.Broken(String.valueOf(e.getMessage())));
            }
        }

        private static Entry entry(ConsumerRecord<byte[], byte[]> record, CanaryKey key, Read read) {
            return new Entry(
                    record.topic(),
                    record.partition(),
                    record.offset(),
                    Instant.ofEpochMilli(record.timestamp()),
                    key,
                    read);
        }
    }
}
