package dev.aviary.detector;

import io.smallrye.config.ConfigMapping;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// `aviary.detector.*`, or `AVIARY_DETECTOR_*` in the environment; defaults stand in
/// `META-INF/microprofile-config.properties`.
@ConfigMapping(prefix = "aviary.detector")
public interface DetectorConfig {
    /// False: this process holds the detector's classes, but doesn't run it.
    boolean enabled();

    /// Kafka brokers, `host:port` with commas between.
    String bootstrapServers();

    /// A file of Kafka client properties, for SASL and TLS.
    Optional<Path> clientProperties();

    /// Further properties of every Kafka client, such as `security.protocol`; they win over the file's.
    Map<String, String> kafka();

    /// Before the name of every topic. Another one is another log.
    String topicPrefix();

    /// Of topics that have to be made; -1 is the brokers' own default.
    short replicationFactor();

    /// Part of every key. Another one is another set of canaries; refused if the log has a different one.
    String clusterName();

    /// Only Canaries of this namespace; without it, of all.
    Optional<String> namespace();

    /// For Canaries that name no provider (Flagger's `-mesh-provider`).
    String meshProvider();

    /// The traffic routers that there are. A Canary with another provider is rejected.
    Set<String> providers();

    /// The types of MetricTemplate that the analyzer can ask. A Canary that needs another one is rejected.
    Set<String> metricProviders();

    /// For Canaries without the annotation `aviary.dev/compat`: STRICT brings Flagger's own behaviour back.
    Compat compat();

    /// A Canary may name only what is in its own namespace (Flagger's `-no-cross-namespace-refs`).
    boolean noCrossNamespaceRefs();

    /// A changed ConfigMap or Secret is a new revision (Flagger's `-enable-config-tracking`). False: they aren't
    /// even read.
    boolean configTracking();

    /// False: this is the only detector, and it needs no Lease.
    boolean leaderElection();

    /// Where the Lease `aviary-detector` lies; without it, in `namespace`, or in the kubeconfig's own.
    Optional<String> leaseNamespace();

    /// Another detector takes over when the active one hasn't been heard of for this long.
    Duration leaseDuration();

    /// Holder of the Lease. The same over its restarts, so that it goes on at once; two instances need two.
    String instanceId();

    enum Compat {
        DEFAULT,
        STRICT
    }
}
