package dev.aviary.router.reconcile;

import dev.aviary.eventlog.LoggedEvent;
import dev.aviary.eventlog.codec.CanaryKeySerde;
import dev.aviary.eventlog.codec.EventIds;
import dev.aviary.eventlog.codec.EventSerde;
import dev.aviary.eventlog.topics.LogConnection;
import dev.aviary.eventlog.topics.Topics;
import dev.aviary.events.CanaryKey;
import dev.aviary.events.CanaryScaled;
import dev.aviary.events.PodRemoved;
import dev.aviary.events.PrimaryInitialized;
import dev.aviary.events.PrimaryUpdated;
import dev.aviary.events.RouteChangedByHand;
import dev.aviary.events.RouterOutcome;
import dev.aviary.events.TargetRestored;
import dev.aviary.events.TrafficShifted;
import dev.aviary.events.WentBlind;
import dev.aviary.events.WriteFailed;
import java.time.Duration;
import java.util.HashMap;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.jboss.logging.Logger;

/// Says outcomes on the log, by an ordinary idempotent producer: the world has changed whether or not a transaction
/// of the stream commits.
public final class LoggedOutcomes implements Reconciler.Outcomes, AutoCloseable {
    private static final Logger LOG = Logger.getLogger(LoggedOutcomes.class);
    private static final Duration PATIENCE = Duration.ofSeconds(8);

    private final Topics topics;
    private final Producer<CanaryKey, LoggedEvent> producer;

    LoggedOutcomes(Topics topics, Producer<CanaryKey, LoggedEvent> producer) {
        this.topics = topics;
        this.producer = producer;
    }

    /// Gives up early, so that the reconciler's own tries decide what is said next.
    public static LoggedOutcomes to(LogConnection log, Topics topics) {
        var settings = new HashMap<>(log.properties());
        settings.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true);
        settings.put(ProducerConfig.ACKS_CONFIG, "all");
        settings.put(ProducerConfig.LINGER_MS_CONFIG, 0);
        settings.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, PATIENCE.toMillis());
        settings.put(ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG, (int) PATIENCE.toMillis() / 2);
        settings.put(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, (int) PATIENCE.toMillis());
        return new LoggedOutcomes(
                topics,
                new KafkaProducer<>(settings, new CanaryKeySerde().serializer(), new EventSerde().serializer()));
    }

    @Override
    public boolean say(CanaryKey canary, RouterOutcome outcome) {
        try {
            var logged = LoggedEvent.fact(id(canary, outcome), outcome);
            producer.send(new ProducerRecord<>(topics.rolloutEvents(), canary, logged))
                    .get();
            return true;
        } catch (ExecutionException | KafkaException away) {
            LOG.warnf("%s outcome not said outcome=%s why=\"%s\"", canary, outcome, away.getMessage());
            return false;
        } catch (InterruptedException ends) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    /// One per decision and kind; where one decision can have several of a kind, its content tells them apart.
    private static String id(CanaryKey canary, RouterOutcome outcome) {
        var id = EventIds.outcome(canary, outcome.seq(), outcome.getClass());
        return switch (outcome) {
            case TrafficShifted _,
                    PrimaryInitialized _,
                    PrimaryUpdated _,
                    CanaryScaled _,
                    PodRemoved _,
                    TargetRestored _ -> id;
            case WriteFailed failed -> id + "/" + EventIds.content(failed.what(), failed.why(), failed.nextTry());
            case RouteChangedByHand _, WentBlind _ -> id + "/" + EventIds.content(outcome);
        };
    }

    @Override
    public void close() {
        producer.close(Duration.ofSeconds(2));
    }
}
