package dev.aviary.eventlog.streams;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.aviary.eventlog.topics.KafkaInAContainer;
import dev.aviary.eventlog.topics.LogConnection;
import dev.aviary.eventlog.topics.Topics;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// [StreamsAppIT] against Apache's own image; skipped, and reported so, where no container engine or no image is.
class StreamsAppContainerIT {
    private static final Duration LONG = Duration.ofSeconds(60);

    @TempDir
    Path folder;

    @Test
    void itRunsAndGoesOnAfterARestartWhereItWas() throws Exception {
        try (var kafka = KafkaInAContainer.start()) {
            var log = LogConnection.to(kafka.getBootstrapServers());
            try (var admin = log.admin()) {
                assertThat(Topics.DEFAULT.ensure(admin, Topics.BROKERS_DEFAULT)).isEmpty();
            }
            try (var app = StreamsAppIT.start(log, folder.resolve("state"))) {
                await().atMost(LONG).until(app::isReady);
                StreamsAppIT.hear(log, "1", "2");
                await().atMost(LONG)
                        .untilAsserted(
                                () -> assertThat(StreamsAppIT.answers(log)).isEqualTo(StreamsAppIT.answers(1, 2)));
            }
            StreamsAppIT.hear(log, "3");
            try (var _ = StreamsAppIT.start(log, folder.resolve("state"))) {
                await().atMost(LONG)
                        .untilAsserted(
                                () -> assertThat(StreamsAppIT.answers(log)).isEqualTo(StreamsAppIT.answers(1, 3)));
            }
        }
    }
}
