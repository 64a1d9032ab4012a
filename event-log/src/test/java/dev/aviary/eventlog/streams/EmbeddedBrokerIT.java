package dev.aviary.eventlog.streams;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.aviary.eventlog.topics.LogConnection;
import dev.aviary.eventlog.topics.Topics;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EmbeddedBrokerIT {
    @TempDir
    Path data;

    @Test
    void aRestartOnTheSameFolderKeepsWhatWasWritten() throws Exception {
        try (var broker = EmbeddedBroker.start(data, 0);
                var admin = LogConnection.to(broker.bootstrapServers()).admin();
                var producer = LogConnection.to(broker.bootstrapServers()).producer()) {
            assertThat(Topics.DEFAULT.ensure(admin, (short) 1)).isEmpty();
            producer.send(new ProducerRecord<>(Topics.DEFAULT.rolloutEvents(), 3, null, new byte[] {42}))
                    .get();
        }

        try (var again = EmbeddedBroker.start(data, 0);
                var consumer = LogConnection.to(again.bootstrapServers()).consumer()) {
            var partition = new TopicPartition(Topics.DEFAULT.rolloutEvents(), 3);
            consumer.assign(List.of(partition));
            consumer.seekToBeginning(List.of(partition));
            assertThat(consumer.poll(Duration.ofSeconds(20)).records(partition))
                    .singleElement()
                    .satisfies(record -> assertThat(record.value()).containsExactly(42));
        }
    }

    @Test
    void aPortOrAFolderThatIsTakenIsSaidInASentence(@TempDir Path other) throws Exception {
        try (var broker = EmbeddedBroker.start(data, 0)) {
            int port = Integer.parseInt(broker.bootstrapServers().split(":")[1]);

            assertThatThrownBy(() -> EmbeddedBroker.start(other, port))
                    .isInstanceOf(IOException.class)
                    .hasMessage("Port %d on 127.0.0.1 is taken. Stop what listens there, or take another port.", port);
            assertThatThrownBy(() -> EmbeddedBroker.start(data, 0)).hasMessageContaining("in use");
        }
    }
}
