package dev.aviary.notifier.alert;

import dev.aviary.eventlog.codec.JsonSerde;
import dev.aviary.notifier.NotifierConfig;
import dev.aviary.notifier.NotifierMetrics;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Clock;
import java.time.Duration;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.serialization.Deserializer;
import org.eclipse.microprofile.reactive.messaging.Incoming;
import org.jboss.logging.Logger;

/// Takes messages to their receivers, each on a virtual thread of its own. A record's offset is committed when it is
/// delivered, given up, or stands among the retries; the two topics so hold what is still to be done.
@ApplicationScoped
public class DeliveryListener {
    private static final Logger LOG = Logger.getLogger(DeliveryListener.class);
    private static final Duration FOR_A_TURN = Duration.ofSeconds(20);

    private final Deserializer<Delivery> reader = JsonSerde.of(Delivery.class).deserializer();
    private final Courier courier;

    public DeliveryListener(
            NotifierConfig config, Courier.Dispatch dispatch, Courier.Desk desk, NotifierMetrics metrics) {
        var clock = Clock.systemUTC();
        courier = new Courier(
                dispatch,
                desk,
                new Courier.Patience(config.retryFirst(), config.retryMost(), config.giveUpAfter()),
                new Turns(FOR_A_TURN),
                clock,
                due -> pause(Duration.between(clock.instant(), due)),
                metrics);
    }

    @Incoming("notifier-alerts")
    @RunOnVirtualThread
    public void deliver(byte[] delivery) {
        deliverIfReadable(delivery);
    }

    @Incoming("notifier-retries")
    @RunOnVirtualThread
    public void retry(byte[] delivery) {
        deliverIfReadable(delivery);
    }

    private void deliverIfReadable(byte[] record) {
        Delivery delivery;
        try {
            delivery = reader.deserialize("", record);
        } catch (SerializationException e) {
            LOG.errorf("a message to a receiver can't be read and is dropped reason=\"%s\"", e.getMessage());
            return;
        }
        courier.deliver(delivery);
    }

    private static void pause(Duration time) {
        try {
            Thread.sleep(time);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // stopping: the record comes again at the next start
            throw new IllegalStateException("stopping", e);
        }
    }
}
