package dev.aviary.notifier.alert;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.aviary.eventlog.LoggedEvent;
import dev.aviary.eventlog.streams.EmbeddedBroker;
import dev.aviary.eventlog.topics.LogConnection;
import dev.aviary.eventlog.topics.Topics;
import dev.aviary.events.AlertDelivered;
import dev.aviary.events.CanaryKey;
import dev.aviary.notifier.NotifierConfigTest;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OutboxIT {
    private static final CanaryKey CHECKOUT = new CanaryKey("eu", "shop", "checkout");
    private static final LoggedEvent FACT = LoggedEvent.fact("fact-1", new AlertDelivered("event-1", "shop/people", 1));

    @Test
    void itEndsWithoutBrokersThoughSomethingIsStillToBeSaid(@TempDir Path folder) throws Exception {
        var broker = EmbeddedBroker.start(folder, 0);
        var outbox = new Outbox(NotifierConfigTest.config(Map.of(
                "aviary.notifier.bootstrap-servers", broker.bootstrapServers(), "aviary.notifier.kafka.acks", "1")));
        try (broker;
                var admin = LogConnection.to(broker.bootstrapServers()).admin()) {
            Topics.DEFAULT.ensure(admin, (short) 1);
            outbox.say(CHECKOUT, FACT); // now it knows the topic
        }
        var saying = Thread.ofPlatform().daemon().start(() -> outbox.say(CHECKOUT, FACT));
        await("it waits for the broker")
                .until(() ->
                        Set.of(Thread.State.WAITING, Thread.State.TIMED_WAITING).contains(saying.getState()));

        var ending = Thread.ofPlatform().daemon().start(outbox::close);

        assertThat(ending.join(Duration.ofSeconds(30))).as("it has ended").isTrue();
    }
}
