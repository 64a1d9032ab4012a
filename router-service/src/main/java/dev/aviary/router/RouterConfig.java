package dev.aviary.router;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// `aviary.router.*`, or `AVIARY_ROUTER_*` in the environment.
@ConfigMapping(prefix = "aviary.router")
public interface RouterConfig {
    /// False: this process holds the router's classes, but doesn't run it.
    @WithDefault("true")
    boolean enabled();

    /// Kafka, `host:port`, comma-separated.
    @WithDefault("127.0.0.1:9092")
    String bootstrapServers();

    /// A file of Kafka client properties, for SASL and TLS.
    Optional<Path> clientProperties();

    /// Further properties of every Kafka client, such as `security.protocol`; they win over the file's.
    Map<String, String> kafka();

    /// Before every topic's name. Another one is another log.
    @WithDefault("aviary.")
    String topicPrefix();

    /// Copies of each topic and of the store; -1: what the brokers take by themselves.
    @WithDefault("-1")
    short replicationFactor();

    /// Part of every key. Another one is another set of canaries.
    @WithDefault("default")
    String clusterName();

    /// Only canaries of this namespace; all namespaces if absent.
    Optional<String> namespace();

    /// For Canaries that name no provider.
    @WithDefault("gatewayapi:v1")
    String meshProvider();

    /// Without the log for this long, a rollout's traffic goes to the safe side. Smaller is safer, and takes
    /// a rollout back for a broker's restart.
    @WithDefault("30s")
    Duration blindDeadline();

    /// Where the states lie. A router that finds them again goes on in seconds; without them it reads the log anew.
    @WithDefault("data/router")
    Path stateDir();

    /// Names this instance over its restarts, so that it gets its own canaries back at once. Two instances need two.
    @WithDefault("router-0")
    String instanceId();

    /// Other instances that keep a copy of the states, to take over without reading the log.
    @WithDefault("0")
    int standbys();

    /// The first of these that a target's selector has tells the canary's pods from the primary's.
    @WithDefault("app,name,app.kubernetes.io/name")
    List<String> selectorLabels();

    /// Which of the target's labels its primary inherits; `*`: all. Flagger's `-include-label-prefix`.
    Optional<List<String>> includeLabelPrefix();

    /// The primary gets copies of the ConfigMaps and Secrets, so that a change of them is a release too.
    @WithDefault("true")
    boolean configTracking();
}
