package dev.aviary.router;

import static org.assertj.core.api.Assertions.assertThat;

import io.smallrye.config.SmallRyeConfigBuilder;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class RouterConfigTest {
    private static RouterConfig config(String... settings) {
        var builder = new SmallRyeConfigBuilder().addDiscoveredConverters().withMapping(RouterConfig.class);
        for (int i = 0; i < settings.length; i += 2) {
            builder.withDefaultValue(settings[i], settings[i + 1]);
        }
        return builder.build().getConfigMapping(RouterConfig.class);
    }

    @Test
    void defaults() {
        var config = config();

        assertThat(config.enabled()).isTrue();
        assertThat(config.bootstrapServers()).isEqualTo("127.0.0.1:9092");
        assertThat(config.clientProperties()).isEmpty();
        assertThat(config.kafka()).isEmpty();
        assertThat(config.topicPrefix()).isEqualTo("aviary.");
        assertThat(config.replicationFactor()).isEqualTo((short) -1);
        assertThat(config.clusterName()).isEqualTo("default");
        assertThat(config.namespace()).isEmpty();
        assertThat(config.meshProvider()).isEqualTo("gatewayapi:v1");
        assertThat(config.blindDeadline()).isEqualTo(Duration.ofSeconds(30));
        assertThat(config.instanceId()).isEqualTo("router-0");
        assertThat(config.standbys()).isZero();
        assertThat(config.selectorLabels()).containsExactly("app", "name", "app.kubernetes.io/name");
        assertThat(config.includeLabelPrefix()).isEmpty();
        assertThat(config.configTracking()).isTrue();
    }

    @Test
    void aDurationIsWrittenWithItsUnit() {
        assertThat(config("aviary.router.blind-deadline", "45s").blindDeadline())
                .isEqualTo(Duration.ofSeconds(45));
    }
}
