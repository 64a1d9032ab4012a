package dev.aviary.eventlog.topics;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.aviary.eventlog.LoggedEvent;
import dev.aviary.eventlog.codec.CanaryKeySerde.CanaryKeySerializer;
import dev.aviary.eventlog.codec.EventSerde.EventSerializer;
import dev.aviary.eventlog.codec.Read;
import dev.aviary.events.CanaryKey;
import dev.aviary.events.TakeoverStarted;
import java.time.Instant;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.junit.jupiter.api.Test;

class HistoryIT extends WithBroker {
    private static final CanaryKey CHECKOUT = new CanaryKey("eu", "shop", "checkout");
    private static final CanaryKey CART = new CanaryKey("eu", "shop", "cart");

    @Test
    void aCanarysRecordsComeInOrderAndNothingThatWasNotCommitted() throws Exception {
        var topic = topic("committed.");
        var before = Instant.now();
        try (var producer = transactional("a")) {
            producer.initTransactions();
            for (int seq = 0; seq < 200; seq++) {
                producer.beginTransaction();
                producer.send(record(topic, seq % 5 == 0 ? CART : CHECKOUT, seq));
                producer.flush(); // a broker may refuse to end a transaction of which it hasn't seen a record
                if (seq % 2 == 0) {
                    producer.commitTransaction();
                } else {
                    producer.abortTransaction();
                }
            }
        }

        assertThat(said(topic, CHECKOUT))
                .isEqualTo(IntStream.range(0, 200)
                        .filter(seq -> seq % 2 == 0 && seq % 5 != 0)
                        .mapToObj(Integer::toString)
                        .toList());
        try (var all = History.ofAll(log, topic)) {
            assertThat(all).hasSize(100).allSatisfy(entry -> {
                assertThat(entry.timestamp()).isAfterOrEqualTo(before.minusMillis(1));
                assertThat(entry.partition()).isEqualTo(History.partition(entry.key(), Topics.PARTITIONS));
            });
        }
    }

    @Test
    void itEndsWhereATransactionIsStillOpen() throws Exception {
        var topic = topic("open.");
        try (var producer = transactional("b");
                var other = transactional("c")) {
            producer.initTransactions();
            other.initTransactions();
            producer.beginTransaction();
            producer.send(record(topic, CHECKOUT, 1)).get();
            producer.commitTransaction();
            other.beginTransaction();
            other.send(record(topic, CHECKOUT, 2)).get();

            assertThat(said(topic, CHECKOUT)).containsExactly("1");

            other.commitTransaction();
        }
        assertThat(said(topic, CHECKOUT)).containsExactly("1", "2");
    }

    @Test
    void anEmptyTopicHasNoHistory() throws Exception {
        assertThat(said(topic("empty."), CHECKOUT)).isEmpty();
    }

    @Test
    void aKeyThatIsNoneIsABrokenEntry() throws Exception {
        var topic = topic("keys.");
        try (var producer = log.producer()) {
            producer.send(new ProducerRecord<>(topic, "checkout".getBytes(UTF_8), new byte[0]))
                    .get();
        }

        try (var all = History.ofAll(log, topic)) {
            assertThat(all).singleElement().satisfies(entry -> {
                assertThat(entry.key()).isEqualTo(new CanaryKey("", "", "checkout"));
                assertThat(entry.read())
                        .isEqualTo(new Read.Broken("a key is cluster/namespace/canary, got 'checkout'"));
            });
        }
    }

    private static String topic(String prefix) {
        var topics = new Topics(prefix);
        assertThat(topics.ensure(admin, (short) 1)).isEmpty();
        return topics.rolloutEvents();
    }

    private static List<String> said(String topic, CanaryKey key) {
        try (var history = History.of(log, topic, key)) {
            return history.map(Entry::read)
                    .map(read -> ((Read.Event) read).logged().id())
                    .toList();
        }
    }

    private static ProducerRecord<CanaryKey, LoggedEvent> record(String topic, CanaryKey key, int seq) {
        return new ProducerRecord<>(
                topic, key, LoggedEvent.fact(Integer.toString(seq), new TakeoverStarted("v1:" + seq)));
    }

    private static KafkaProducer<CanaryKey, LoggedEvent> transactional(String id) {
        var properties = log.properties();
        properties.put(ProducerConfig.TRANSACTIONAL_ID_CONFIG, id);
        properties.put(ProducerConfig.LINGER_MS_CONFIG, 0);
        return new KafkaProducer<>(properties, new CanaryKeySerializer(), new EventSerializer());
    }
}
