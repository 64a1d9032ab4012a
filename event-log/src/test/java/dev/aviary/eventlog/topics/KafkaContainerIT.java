package dev.aviary.eventlog.topics;

import static org.assertj.core.api.Assertions.assertThat;

import dev.aviary.eventlog.LoggedEvent;
import dev.aviary.eventlog.codec.CanaryKeySerde.CanaryKeySerializer;
import dev.aviary.eventlog.codec.EventSerde.EventSerializer;
import dev.aviary.eventlog.codec.Read;
import dev.aviary.events.CanaryKey;
import dev.aviary.events.TakeoverStarted;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.junit.jupiter.api.Test;

/// The same against Apache's own image; skipped, and reported so, where no container engine or no image is.
class KafkaContainerIT {
    private static final CanaryKey CHECKOUT = new CanaryKey("eu", "shop", "checkout");

    @Test
    void whatWasWrittenIsTheHistory() throws Exception {
        try (var kafka = KafkaInAContainer.start()) {
            var log = LogConnection.to(kafka.getBootstrapServers());
            try (var admin = log.admin();
                    var producer = log.producer(new CanaryKeySerializer(), new EventSerializer())) {
                assertThat(Topics.DEFAULT.ensure(admin, Topics.BROKERS_DEFAULT)).isEmpty();
                var said = LoggedEvent.fact("1", new TakeoverStarted("v1:9f2c"));
                producer.send(new ProducerRecord<>(Topics.DEFAULT.rolloutEvents(), CHECKOUT, said))
                        .get();

                try (var history = History.of(log, Topics.DEFAULT.rolloutEvents(), CHECKOUT)) {
                    assertThat(history.map(Entry::read)).containsExactly(new Read.Event(said));
                }
            }
        }
    }
}
