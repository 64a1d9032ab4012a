package dev.aviary.notifier.alert;

import dev.aviary.eventlog.LoggedEvent;
import dev.aviary.eventlog.codec.CanaryKeySerde;
import dev.aviary.eventlog.codec.EventSerde;
import dev.aviary.eventlog.codec.JsonSerde;
import dev.aviary.eventlog.topics.Topics;
import dev.aviary.events.CanaryKey;
import dev.aviary.notifier.Kafka;
import dev.aviary.notifier.NotifierConfig;
import jakarta.annotation.PreDestroy;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.serialization.StringSerializer;

/// Puts messages where they wait for delivery, and the notifier's own facts on the log. Returns when the brokers have
/// them.
@ApplicationScoped
public class Outbox implements Courier.Desk {
    private static final Duration FAREWELL = Duration.ofSeconds(2);

    private final Topics topics;
    private final KafkaProducer<String, Delivery> deliveries;
    private final KafkaProducer<CanaryKey, LoggedEvent> facts;

    public Outbox(NotifierConfig config) {
        var kafka = Kafka.patient(config);
        topics = new Topics(config.topicPrefix());
        deliveries = kafka.producer(
                new StringSerializer(), JsonSerde.of(Delivery.class).serializer());
        facts = kafka.producer(new CanaryKeySerde.CanaryKeySerializer(), new EventSerde.EventSerializer());
    }

    /// @throws KafkaException if the brokers refuse them; brokers that are away are waited for
    @Override
    public void send(List<Delivery> all) {
        var sent = all.stream()
                .map(delivery -> deliveries.send(record(topics.alerts(), delivery)))
                .toList();
        sent.forEach(Outbox::await);
    }

    @Override
    public void retry(Delivery delivery) {
        await(deliveries.send(record(retries(topics), delivery)));
    }

    @Override
    public void say(CanaryKey canary, LoggedEvent fact) {
        await(facts.send(new ProducerRecord<>(topics.rolloutEvents(), canary, fact)));
    }

    /// Where what couldn't be delivered waits for its next try.
    public static String retries(Topics topics) {
        return topics.alerts() + "-retries";
    }

    private static ProducerRecord<String, Delivery> record(String topic, Delivery delivery) {
        return new ProducerRecord<>(topic, delivery.message().receiver(), delivery);
    }

    private static void await(Future<?> sent) {
        try {
            sent.get();
        } catch (ExecutionException e) {
            throw e.getCause() instanceof KafkaException kafka ? kafka : new KafkaException(e.getCause());
        } catch (InterruptedException e) {
            throw new InterruptException(e);
        }
    }

    /// What the brokers don't have by then is said again after the next start.
    @PreDestroy
    void close() {
        deliveries.close(FAREWELL);
        facts.close(FAREWELL);
    }
}
