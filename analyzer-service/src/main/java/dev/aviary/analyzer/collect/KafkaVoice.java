package dev.aviary.analyzer.collect;

import dev.aviary.analyzer.EventNames;
import dev.aviary.eventlog.LoggedEvent;
import dev.aviary.eventlog.codec.CanaryKeySerde;
import dev.aviary.eventlog.codec.EventSerde;
import dev.aviary.eventlog.topics.LogConnection;
import dev.aviary.eventlog.topics.Topics;
import dev.aviary.events.AnalyzerEvent;
import dev.aviary.events.CanaryKey;
import dev.aviary.events.MetricsMeasured;
import dev.aviary.events.RequestsCounted;
import java.time.Duration;
import java.util.HashMap;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.jboss.logging.Logger;

/// Looks go to the topic of measurements, what gates say to the log.
public final class KafkaVoice implements Voice, AutoCloseable {
    private static final Logger LOG = Logger.getLogger(KafkaVoice.class);
    private static final Duration PATIENCE = Duration.ofSeconds(8);

    private final Topics topics;
    private final Producer<CanaryKey, LoggedEvent> producer;

    private KafkaVoice(Topics topics, Producer<CanaryKey, LoggedEvent> producer) {
        this.topics = topics;
        this.producer = producer;
    }

    /// Gives up early: the collector tries again, as long as it is still wanted.
    public static KafkaVoice to(LogConnection log, Topics topics) {
        int millis = Math.toIntExact(PATIENCE.toMillis());
        var settings = new HashMap<>(log.properties());
        settings.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true);
        settings.put(ProducerConfig.ACKS_CONFIG, "all");
        settings.put(ProducerConfig.LINGER_MS_CONFIG, 5); // looks of many rollouts go together
        settings.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, millis);
        settings.put(ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG, millis / 2);
        settings.put(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, millis);
        return new KafkaVoice(
                topics,
                new KafkaProducer<>(settings, new CanaryKeySerde().serializer(), new EventSerde().serializer()));
    }

    @Override
    public boolean say(CanaryKey canary, AnalyzerEvent event) {
        var topic = event instanceof MetricsMeasured || event instanceof RequestsCounted
                ? topics.measurements()
                : topics.rolloutEvents();
        try {
            var logged = LoggedEvent.fact(EventNames.of(canary, event), event);
            producer.send(new ProducerRecord<>(topic, canary, logged)).get();
            return true;
        } catch (ExecutionException | KafkaException away) {
            LOG.warnf("%s not said topic=%s reason=\"%s\"", canary, topic, away.getMessage());
            return false;
        } catch (InterruptedException ends) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    @Override
    public void close() {
        producer.close(Duration.ofSeconds(2));
    }
}
