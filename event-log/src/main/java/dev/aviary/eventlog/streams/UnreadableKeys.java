package dev.aviary.eventlog.streams;

import dev.aviary.eventlog.codec.JsonSerde;
import dev.aviary.eventlog.topics.DeadLetter;
import dev.aviary.eventlog.topics.LogConnection;
import dev.aviary.eventlog.topics.Topics;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.streams.errors.DeserializationExceptionHandler;
import org.apache.kafka.streams.errors.ErrorHandlerContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A record whose key isn't a canary's belongs to none: it becomes a dead letter, and the stream goes on. Values
/// never come here: `ReadSerde` doesn't throw.
public final class UnreadableKeys implements DeserializationExceptionHandler {
    private static final Logger LOG = LoggerFactory.getLogger(UnreadableKeys.class);

    private Optional<LogConnection> log = Optional.empty();
    private Topics topics = Topics.DEFAULT;

    @Override
    public void configure(Map<String, ?> settings) {
        log = Optional.ofNullable((LogConnection) settings.get(StreamsSettings.LOG));
        topics = settings.get(StreamsSettings.TOPICS) instanceof Topics named ? named : Topics.DEFAULT;
    }

    /// A dead letter that can't be written is tried again with the record: the thread is replaced.
    @Override
    public DeserializationHandlerResponse handle(
            ErrorHandlerContext context, ConsumerRecord<byte[], byte[]> record, Exception exception) {
        var cause = exception.getCause() == null ? exception : exception.getCause();
        var letter =
                new DeadLetter(record.topic(), record.partition(), record.offset(), String.valueOf(cause.getMessage()));
        try (var producer = log.orElseThrow()
                .producer(
                        new ByteArraySerializer(),
                        JsonSerde.of(DeadLetter.class).serializer())) {
            producer.send(new ProducerRecord<>(topics.deadLetters(), record.key(), letter))
                    .get();
        } catch (java.util.concurrent.ExecutionException e) {
            LOG.warn("dead letter not written reason=\"{}\"", e.getMessage());
            return DeserializationHandlerResponse.FAIL;
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
            return DeserializationHandlerResponse.FAIL;
        }
        LOG.warn(
                "record skipped topic={} partition={} offset={} reason=\"{}\"",
                letter.topic(),
                letter.partition(),
                letter.offset(),
                letter.why());
        return DeserializationHandlerResponse.CONTINUE;
    }
}
