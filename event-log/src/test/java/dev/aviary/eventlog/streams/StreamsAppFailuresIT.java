package dev.aviary.eventlog.streams;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.aviary.eventlog.codec.JsonSerde;
import dev.aviary.eventlog.topics.DeadLetter;
import dev.aviary.eventlog.topics.LogConnection;
import dev.aviary.eventlog.topics.Topics;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What can't be read and what can't be processed, with the topology of [StreamsAppIT].
class StreamsAppFailuresIT {
    private static final Duration LONG = StreamsAppIT.LONG;
    private static final String LOG = StreamsAppIT.LOG;

    @TempDir
    Path folder;

    @Test
    void aKeyThatIsNoneBecomesADeadLetterAndABugThatComesBackEndsIt() throws Exception {
        try (var broker = EmbeddedBroker.start(folder.resolve("kafka"), 0)) {
            var log = LogConnection.to(broker.bootstrapServers());
            try (var app = StreamsAppIT.start(log, folder.resolve("state"))) {
                await().atMost(LONG).until(app::isReady);
                try (var producer = log.producer()) {
                    producer.send(new ProducerRecord<>(LOG, 3, "checkout".getBytes(UTF_8), new byte[0]))
                            .get();
                }
                await().atMost(LONG)
                        .untilAsserted(() -> assertThat(letters(log))
                                .containsExactly(new DeadLetter(
                                        LOG, 3, 0, "a key is cluster/namespace/canary, got 'checkout'")));
                StreamsAppIT.hear(log, "1");
                await().atMost(LONG)
                        .untilAsserted(
                                () -> assertThat(StreamsAppIT.answers(log)).isEqualTo(StreamsAppIT.answers(1, 1)));

                StreamsAppIT.hear(log, "crash");
                await().dontCatchUncaughtExceptions().atMost(LONG).until(() -> !app.isAlive());
                assertThat(app.problem())
                        .hasValueSatisfying(why -> assertThat(why).contains("crashed 5 times", "a bug"));
            }
        }
    }

    private static List<DeadLetter> letters(LogConnection log) {
        var letters = Topics.DEFAULT.deadLetters();
        try (var consumer = log.consumer(
                new StringDeserializer(), JsonSerde.of(DeadLetter.class).deserializer())) {
            var partitions = IntStream.range(0, Topics.PARTITIONS)
                    .mapToObj(partition -> new TopicPartition(letters, partition))
                    .toList();
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            var found = new ArrayList<DeadLetter>();
            consumer.poll(Duration.ofSeconds(2)).forEach(record -> found.add(record.value()));
            return found;
        }
    }
}
