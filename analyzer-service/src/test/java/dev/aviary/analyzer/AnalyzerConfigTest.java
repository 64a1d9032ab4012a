package dev.aviary.analyzer;

import static org.assertj.core.api.Assertions.assertThat;

import io.smallrye.config.PropertiesConfigSource;
import io.smallrye.config.SmallRyeConfigBuilder;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class AnalyzerConfigTest {
    @Test
    void everySettingHasADefault() throws IOException {
        var defaults = AnalyzerConfig.class.getResource("/META-INF/microprofile-config.properties");
        var config = new SmallRyeConfigBuilder()
                .withSources(new PropertiesConfigSource(defaults))
                .addDiscoveredConverters()
                .withMapping(AnalyzerConfig.class)
                .build()
                .getConfigMapping(AnalyzerConfig.class);

        assertThat(config.enabled()).isTrue();
        assertThat(config.bootstrapServers()).isEqualTo("localhost:9092");
        assertThat(config.clientProperties()).isEmpty();
        assertThat(config.kafka()).isEmpty();
        assertThat(config.topicPrefix()).isEqualTo("aviary.");
        assertThat(config.replicationFactor()).isEqualTo((short) -1);
        assertThat(config.clusterName()).isEqualTo("default");
        assertThat(config.namespace()).isEmpty();
        assertThat(config.metricsServer()).isEqualTo("http://prometheus:9090");
        assertThat(config.queryTimeout()).isEqualTo(Duration.ofSeconds(5));
        assertThat(config.stateDir()).isEqualTo(Path.of("data/analyzer"));
        assertThat(config.instanceId()).isEqualTo("analyzer-0");
        assertThat(config.standbys()).isZero();
    }
}
