package dev.aviary.notifier;

import io.smallrye.config.ConfigMapping;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/// The notifier's settings; defaults stand in `META-INF/microprofile-config.properties`.
@ConfigMapping(prefix = "aviary.notifier")
public interface NotifierConfig {
    /// Kafka brokers, `host:port` with commas between.
    String bootstrapServers();

    /// A file of Kafka client properties, for SASL and TLS.
    Optional<Path> clientProperties();

    /// Further properties of every Kafka client, such as `security.protocol`; they win over the file's.
    Map<String, String> kafka();

    /// Before the name of every topic. Another one is another log.
    String topicPrefix();

    /// Consumer group. Another one starts anew, where `start` says.
    String group();

    /// Names this instance over its restarts: after a kill it gets its share back at once, not when the group has
    /// given up its former self (6 s). Two of one name throw each other out, so there is none by default.
    Optional<String> instanceId();

    /// Where a group without offsets starts: `latest`, or `earliest`, which tells everything on the log once more.
    Start start();

    /// Of topics that have to be made; -1 is the brokers' own default.
    short replicationFactor();

    /// Part of every key, and shown in every alert.
    String clusterName();

    /// Only Canaries of this namespace are looked at; without it, of all.
    Optional<String> namespace();

    /// Alerts of Canaries that name no AlertProvider go to this Slack webhook (Flagger's `-slack-url`).
    Optional<String> slackUrl();

    /// Flagger's `-slack-user`.
    String slackUser();

    /// Flagger's `-slack-channel`.
    String slackChannel();

    /// Flagger's `-slack-proxy-url`.
    Optional<String> slackProxyUrl();

    /// Every alert goes there too, as a CloudEvent in structured mode.
    Optional<String> webhookUrl();

    /// Every Kubernetes Event of a Canary without `event` webhook is sent there too (Flagger's `-event-webhook`).
    Optional<String> eventWebhook();

    /// From the first try to the second; then twice as long each time.
    Duration retryFirst();

    /// The longest time between two tries, at most 30 s: a record that waits longer would stop the channel.
    Duration retryMost();

    /// An alert older than this is given up.
    Duration giveUpAfter();

    enum Start {
        LATEST,
        EARLIEST
    }
}
