package dev.aviary.detector;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/// `aviary.detector.*`, or `AVIARY_DETECTOR_*` in the environment.
@ConfigMapping(prefix = "aviary.detector")
public interface DetectorConfig {
    /// False: this process holds the detector's classes, but doesn't run it.
    @WithDefault("true")
    boolean enabled();

    /// Kafka, `host:port`, comma-separated.
    @WithDefault("127.0.0.1:9092")
    String bootstrapServers();

    /// A file of Kafka client properties, for SASL and TLS.
    Optional<Path> clientProperties();

    /// Before every topic's name. Another one is another log.
    @WithDefault("aviary.")
    String topicPrefix();

    /// Of topics that have to be made; -1 is the brokers' own default.
    @WithDefault("-1")
    short replicationFactor();

    /// Part of every key. Refused if the log tells of another cluster.
    @WithDefault("default")
    String clusterName();

    /// Only Canaries of this namespace; all namespaces if absent.
    Optional<String> namespace();

    /// For Canaries that name no provider. Flagger's `-mesh-provider`.
    @WithDefault("gatewayapi:v1")
    String meshProvider();

    /// For Canaries without the annotation `aviary.dev/compat`: `default`, or `strict` for Flagger's own behaviour.
    @WithDefault("default")
    String compat();

    /// A Canary may name only what is in its own namespace. Flagger's `-no-cross-namespace-refs`.
    @WithDefault("false")
    boolean noCrossNamespaceRefs();

    /// A changed ConfigMap or Secret is a release too. Flagger's `-enable-config-tracking`.
    @WithDefault("true")
    boolean configTracking();

    /// Where the Lease `aviary-detector` lies; by default the watched namespace, else `default`.
    Optional<String> leaseNamespace();

    /// Holder of the Lease. The same over its restarts, so that it goes on at once; two instances need two.
    @WithDefault("detector-0")
    String instanceId();

    /// An instance that is silent for so long loses the Lease to another one.
    @WithDefault("8s")
    Duration leaseDuration();
}
