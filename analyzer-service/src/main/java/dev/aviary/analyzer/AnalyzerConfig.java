package dev.aviary.analyzer;

import io.smallrye.config.ConfigMapping;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/// `aviary.analyzer.*`, or `AVIARY_ANALYZER_*` in the environment; defaults stand in
/// `META-INF/microprofile-config.properties`.
@ConfigMapping(prefix = "aviary.analyzer")
public interface AnalyzerConfig {
    /// False: this process holds the analyzer's classes, but doesn't run it.
    boolean enabled();

    /// Kafka brokers, `host:port` with commas between.
    String bootstrapServers();

    /// A file of Kafka client properties, for SASL and TLS.
    Optional<Path> clientProperties();

    /// Further properties of every Kafka client, such as `security.protocol`; they win over the file's.
    Map<String, String> kafka();

    /// Before the name of every topic. Another one is another log.
    String topicPrefix();

    /// Of topics and stores that have to be made; -1 is the brokers' own default.
    short replicationFactor();

    /// Part of every key. Another one is another set of canaries.
    String clusterName();

    /// Only canaries of this namespace; all namespaces if absent.
    Optional<String> namespace();

    /// The Prometheus of built-in metrics and inline queries, unless a Canary names its own.
    String metricsServer();

    /// A longer one waits for slow back ends, and holds up the check as long.
    Duration queryTimeout();

    /// Where the states lie. An analyzer that finds them again goes on in seconds; without them it reads the log anew.
    Path stateDir();

    /// Names this instance over its restarts, so that it gets its own canaries back at once. Two instances need two.
    String instanceId();

    /// Other instances that keep a copy of the states, to take over without reading the log.
    int standbys();
}
