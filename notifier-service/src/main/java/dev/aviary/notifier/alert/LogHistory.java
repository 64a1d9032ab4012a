package dev.aviary.notifier.alert;

import dev.aviary.eventlog.codec.Read;
import dev.aviary.eventlog.codec.ReadSerde;
import dev.aviary.eventlog.topics.LogConnection;
import dev.aviary.eventlog.topics.Topics;
import dev.aviary.events.CanaryKey;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;

/// The log itself, with a consumer of its own.
public record LogHistory(LogConnection kafka, Topics topics) implements Memory.History {
    private static final Duration POLL = Duration.ofMillis(500);

    @Override
    public void before(int partition, long offset, Consumer<Memory.Entry> heard) {
        var where = new TopicPartition(topics.rolloutEvents(), partition);
        try (var consumer = kafka.consumer(new StringDeserializer(), new ReadSerde.ReadDeserializer())) {
            consumer.assign(List.of(where));
            consumer.seekToBeginning(List.of(where));
            while (consumer.position(where) < offset) {
                for (var found : consumer.poll(POLL)) {
                    if (found.offset() < offset && found.value() instanceof Read.Event(var logged)) {
                        heard.accept(new Memory.Entry(CanaryKey.of(found.key()), logged));
                    }
                }
            }
        }
    }
}
