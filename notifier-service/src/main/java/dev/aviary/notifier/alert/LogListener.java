package dev.aviary.notifier.alert;

import dev.aviary.eventlog.LoggedEvent;
import dev.aviary.eventlog.codec.Read;
import dev.aviary.eventlog.topics.Topics;
import dev.aviary.events.CanaryKey;
import dev.aviary.notifier.Kafka;
import dev.aviary.notifier.NotifierConfig;
import io.smallrye.common.annotation.Identifier;
import io.smallrye.reactive.messaging.annotations.Blocking;
import io.smallrye.reactive.messaging.kafka.KafkaConsumerRebalanceListener;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Instant;
import java.util.Collection;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.eclipse.microprofile.reactive.messaging.Incoming;
import org.jboss.logging.Logger;

/// Hears the log and puts one message per receiver where it waits for delivery. The log's offset is committed when the
/// brokers have them all.
@ApplicationScoped
@Identifier("notifier-log")
public class LogListener implements KafkaConsumerRebalanceListener {
    private static final Logger LOG = Logger.getLogger(LogListener.class);

    private final Addressing addressing;
    private final Canaries canaries;
    private final Outbox outbox;
    private final Memory memory;

    public LogListener(NotifierConfig config, Canaries canaries, Outbox outbox) {
        this.addressing = new Addressing(new Addressing.Defaults(
                config.slackUrl().isPresent(),
                config.webhookUrl().isPresent(),
                config.eventWebhook().isPresent()));
        this.canaries = canaries;
        this.outbox = outbox;
        this.memory = new Memory(new LogHistory(Kafka.connection(config), new Topics(config.topicPrefix())));
    }

    @Incoming("notifier-log")
    @Blocking
    public void hear(ConsumerRecord<String, Read> found) {
        switch (found.value()) {
            case Read.Event(var logged) -> tell(found, logged);
            // The router parks the canary, and says so.
            case Read.Unknown(var type, var _) ->
                LOG.debugf("%s unknown event skipped type=%s offset=%d", found.key(), type, found.offset());
            case Read.Broken(var why) ->
                LOG.warnf(
                        "%s event can't be read partition=%d offset=%d reason=\"%s\"",
                        found.key(), found.partition(), found.offset(), why);
        }
    }

    private void tell(ConsumerRecord<String, Read> found, LoggedEvent logged) {
        var key = CanaryKey.of(found.key());
        memory.hear(found.partition(), found.offset(), new Memory.Entry(key, logged))
                .map(known ->
                        addressing.of(key, logged, Instant.ofEpochMilli(found.timestamp()), known, canaries.find(key)))
                .ifPresent(outbox::send);
    }

    @Override
    public void onPartitionsAssigned(Consumer<?, ?> consumer, Collection<TopicPartition> partitions) {
        partitions.forEach(partition -> memory.forget(partition.partition()));
    }
}
