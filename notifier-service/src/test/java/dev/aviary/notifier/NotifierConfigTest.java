package dev.aviary.notifier;

import static org.assertj.core.api.Assertions.assertThat;

import io.smallrye.config.PropertiesConfigSource;
import io.smallrye.config.SmallRyeConfigBuilder;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;

public class NotifierConfigTest {
    @Test
    void theDefaultsAreFlaggersWhereItHasSome() {
        var config = config(Map.of());

        assertThat(config.slackUser()).isEqualTo("flagger");
        assertThat(config.slackChannel()).isEqualTo("general");
        assertThat(config.slackUrl()).isEmpty();
        assertThat(config.webhookUrl()).isEmpty();
        assertThat(config.eventWebhook()).isEmpty();
        assertThat(config.namespace()).isEmpty();
        assertThat(config.clientProperties()).isEmpty();
        assertThat(config.kafka()).isEmpty();
        assertThat(config.bootstrapServers()).isEqualTo("localhost:9092");
        assertThat(config.topicPrefix()).isEqualTo("aviary.");
        assertThat(config.group()).isEqualTo("aviary-notifier");
        assertThat(config.instanceId()).isEmpty();
        assertThat(config.start()).isEqualTo(NotifierConfig.Start.LATEST);
        assertThat(config.replicationFactor()).isEqualTo((short) -1);
        assertThat(config.clusterName()).isEqualTo("default");
        assertThat(config.retryFirst()).isEqualTo(Duration.ofSeconds(2));
        assertThat(config.retryMost()).isEqualTo(Duration.ofSeconds(30));
        assertThat(config.giveUpAfter()).isEqualTo(Duration.ofHours(24));
    }

    /// The settings with their defaults, and these.
    public static NotifierConfig config(Map<String, String> settings) {
        var defaults = NotifierConfig.class.getResource("/META-INF/microprofile-config.properties");
        try {
            return new SmallRyeConfigBuilder()
                    .withMapping(NotifierConfig.class)
                    .withSources(
                            new PropertiesConfigSource(defaults), new PropertiesConfigSource(settings, "test", 500))
                    .withConverter(Duration.class, 100, new io.quarkus.runtime.configuration.DurationConverter())
                    .build()
                    .getConfigMapping(NotifierConfig.class);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
