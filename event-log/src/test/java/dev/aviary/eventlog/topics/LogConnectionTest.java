package dev.aviary.eventlog.topics;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LogConnectionTest {
    @Test
    void whyTheLogCantBeReachedIsOneSentence() {
        assertThat(LogConnection.to("127.0.0.1:1").problem(Duration.ofSeconds(1)))
                .contains(
                        "Kafka at 127.0.0.1:1 doesn't answer within 1 s. Check that it runs, the address, and whether it asks for TLS.");
        assertThat(LogConnection.to("no.such.host.invalid:9092").problem(Duration.ofSeconds(1)))
                .hasValueSatisfying(why -> assertThat(why)
                        .startsWith("Kafka at no.such.host.invalid:9092 can't be asked: ")
                        .hasLineCount(1));
        assertThat(LogConnection.to("nonsense").problem(Duration.ofSeconds(1)))
                .hasValueSatisfying(why -> assertThat(why).contains("nonsense").hasLineCount(1));
    }

    @Test
    void aPropertiesFileIsAddedAndItsSecretsAreNotShown(@TempDir Path folder) throws Exception {
        var file = Files.writeString(
                folder.resolve("client.properties"), "security.protocol=SASL_SSL\nsasl.jaas.config=secret\n");

        var log = LogConnection.to("kafka:9093").with(file);

        assertThat(log.properties())
                .containsEntry("security.protocol", "SASL_SSL")
                .containsEntry("sasl.jaas.config", "secret")
                .containsEntry("bootstrap.servers", "kafka:9093");
        assertThat(log).hasToString("Kafka at kafka:9093");
        assertThat(new LogConnection("kafka:9093", Map.of("security.protocol", "SASL_PLAINTEXT"))
                        .with(file)
                        .extra())
                .containsEntry("security.protocol", "SASL_PLAINTEXT")
                .containsEntry("sasl.jaas.config", "secret");
    }
}
