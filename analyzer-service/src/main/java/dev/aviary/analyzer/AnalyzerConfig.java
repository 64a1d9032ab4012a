package dev.aviary.analyzer;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/// `aviary.analyzer.*`, or `AVIARY_ANALYZER_*` in the environment.
@ConfigMapping(prefix = "aviary.analyzer")
public interface AnalyzerConfig {
    /// False: this process holds the analyzer's classes, but doesn't run it.
    @WithDefault("true")
    boolean enabled();

    /// Part of every key, so that several clusters can share a log.
    @WithDefault("default")
    String clusterName();

    /// Only canaries of this namespace; all namespaces if absent.
    Optional<String> namespace();

    /// The Prometheus of built-in metrics and inline queries, unless a Canary names its own.
    @WithDefault("http://prometheus:9090")
    String metricsServer();

    /// Longer finds slow back ends, and holds up the check as long.
    @WithDefault("5s")
    Duration queryTimeout();

    /// Holds the state between starts: without it the state is read again from Kafka.
    @WithDefault("/tmp/aviary/analyzer")
    Path stateDir();

    /// The same at each start of this instance, another one for each instance: a restart then goes on at once.
    @WithDefault("analyzer-0")
    String instance();

    Kafka kafka();

    interface Kafka {
        /// `host:port`, comma-separated.
        @WithDefault("localhost:9092")
        String bootstrapServers();

        /// Kafka's own client properties, for SASL and TLS.
        Optional<Path> propertiesFile();

        /// Before every topic's name.
        @WithDefault("aviary.")
        String topicPrefix();

        /// Of topics that are made; -1 is the broker's default.
        @WithDefault("-1")
        short replicationFactor();
    }
}
