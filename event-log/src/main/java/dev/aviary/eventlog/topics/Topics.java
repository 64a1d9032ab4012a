package dev.aviary.eventlog.topics;

import static org.apache.kafka.common.config.TopicConfig.CLEANUP_POLICY_COMPACT;
import static org.apache.kafka.common.config.TopicConfig.CLEANUP_POLICY_CONFIG;
import static org.apache.kafka.common.config.TopicConfig.CLEANUP_POLICY_DELETE;
import static org.apache.kafka.common.config.TopicConfig.MESSAGE_TIMESTAMP_TYPE_CONFIG;
import static org.apache.kafka.common.config.TopicConfig.RETENTION_BYTES_CONFIG;
import static org.apache.kafka.common.config.TopicConfig.RETENTION_MS_CONFIG;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.TopicExistsException;

/// The topics, by name and by how they are made. Partitions are chosen once: a canary stays in its own.
///
/// @param prefix before every name, such as `aviary.`
public record Topics(String prefix) {
    public static final Topics DEFAULT = new Topics("aviary.");

    /// Of the topics that are keyed by canary. The same for all of them, so that a canary's events and
    /// measurements meet in one task.
    public static final int PARTITIONS = 24;

    /// The broker's own default replication.
    public static final short BROKERS_DEFAULT = -1;

    private static final Duration MEASUREMENTS_KEPT = Duration.ofDays(30);
    private static final String FOREVER = "-1";

    /// The log.
    public String rolloutEvents() {
        return prefix + "rollout-events";
    }

    /// The looks, 30 days of them.
    public String measurements() {
        return prefix + "measurements";
    }

    /// The notifier's: one record per receiver.
    public String alerts() {
        return prefix + "alerts";
    }

    /// What couldn't be read, see [DeadLetter].
    public String deadLetters() {
        return prefix + "dead-letters";
    }

    /// What holds for the whole log, see [ClusterNames].
    public String meta() {
        return prefix + "meta";
    }

    /// Makes what is missing, and looks at what is there.
    ///
    /// @param replicas of a topic that is made, or [#BROKERS_DEFAULT]
    /// @return what is wrong with a topic that is there, a sentence each; empty if all is as it must be
    /// @throws KafkaException if the brokers can't be asked; see [LogConnection#problem]
    public List<String> ensure(Admin admin, short replicas) {
        var wanted = wanted(replicas);
        var present = asked(admin.listTopics().names());
        var missing =
                wanted.stream().filter(topic -> !present.contains(topic.name())).toList();
        create(admin, missing);
        var names = wanted.stream().map(NewTopic::name).collect(Collectors.toSet());
        var described = described(admin, names);
        var configs =
                asked(admin.describeConfigs(names.stream().map(Topics::resource).toList())
                        .all());
        var problems = new ArrayList<String>();
        for (var topic : wanted) {
            var config =
                    Optional.ofNullable(configs.get(resource(topic.name()))).orElseThrow();
            var description = Optional.ofNullable(described.get(topic.name())).orElseThrow();
            problems.addAll(wrong(topic, description, config));
        }
        return List.copyOf(problems);
    }

    private List<NewTopic> wanted(short replicas) {
        return Stream.of(
                        byCanary(rolloutEvents(), FOREVER),
                        byCanary(measurements(), Long.toString(MEASUREMENTS_KEPT.toMillis())),
                        byCanary(alerts(), FOREVER),
                        byCanary(deadLetters(), FOREVER),
                        compacted(meta()))
                .map(made -> made.apply(replicas))
                .toList();
    }

    private static Function<Short, NewTopic> byCanary(String name, String retention) {
        return replicas -> new NewTopic(name, PARTITIONS, replicas)
                .configs(Map.of(
                        CLEANUP_POLICY_CONFIG, CLEANUP_POLICY_DELETE,
                        MESSAGE_TIMESTAMP_TYPE_CONFIG, "LogAppendTime",
                        RETENTION_MS_CONFIG, retention,
                        RETENTION_BYTES_CONFIG, FOREVER));
    }

    private static Function<Short, NewTopic> compacted(String name) {
        return replicas -> new NewTopic(name, 1, replicas)
                .configs(Map.of(
                        CLEANUP_POLICY_CONFIG, CLEANUP_POLICY_COMPACT, MESSAGE_TIMESTAMP_TYPE_CONFIG, "LogAppendTime"));
    }

    private static void create(Admin admin, List<NewTopic> missing) {
        for (var made : admin.createTopics(missing).values().values()) {
            try {
                asked(made);
            } catch (TopicExistsException _) {
                // Another service was faster.
            }
        }
    }

    /// A topic that was just made is known to every broker a moment later.
    private static Map<String, TopicDescription> described(Admin admin, Set<String> names) {
        var described = new HashMap<String, TopicDescription>();
        for (int tries = 1; described.size() < names.size(); tries++) {
            for (var asked : admin.describeTopics(names).topicNameValues().entrySet()) {
                try {
                    described.put(asked.getKey(), asked(asked.getValue()));
                } catch (org.apache.kafka.common.errors.UnknownTopicOrPartitionException e) {
                    if (tries == 100) {
                        throw e;
                    }
                }
            }
            if (described.size() < names.size()) {
                java.util.concurrent.locks.LockSupport.parkNanos(
                        Duration.ofMillis(50).toNanos());
            }
        }
        return described;
    }

    private static List<String> wrong(NewTopic wanted, TopicDescription present, Config config) {
        var wrong = new ArrayList<String>();
        if (present.partitions().size() != wanted.numPartitions()) {
            wrong.add(
                    "Topic %s has %d partitions instead of %d: a canary's records would be in two orders. Make the log anew under another prefix, or copy it into a topic of %3$d."
                            .formatted(present.name(), present.partitions().size(), wanted.numPartitions()));
        }
        setting(config, MESSAGE_TIMESTAMP_TYPE_CONFIG)
                .filter(type -> !type.equals("LogAppendTime"))
                .ifPresent(type -> wrong.add(
                        "Topic %s has %s=%s: decisions need the broker's time. Set it to LogAppendTime (kafka-configs --alter)."
                                .formatted(present.name(), MESSAGE_TIMESTAMP_TYPE_CONFIG, type)));
        var wantedPolicy = wanted.configs().get(CLEANUP_POLICY_CONFIG);
        setting(config, CLEANUP_POLICY_CONFIG)
                .filter(policy -> !policy.equals(wantedPolicy))
                .ifPresent(policy -> wrong.add(
                        "Topic %s has %s=%s instead of %s: records would be lost. Set it (kafka-configs --alter)."
                                .formatted(present.name(), CLEANUP_POLICY_CONFIG, policy, wantedPolicy)));
        var kept = wanted.configs().get(RETENTION_MS_CONFIG);
        if (FOREVER.equals(kept)) {
            setting(config, RETENTION_MS_CONFIG)
                    .filter(retention -> !retention.equals(FOREVER))
                    .ifPresent(retention -> wrong.add(
                            "Topic %s forgets after %s ms: it is the audit trail. Set %s to -1 (kafka-configs --alter)."
                                    .formatted(present.name(), retention, RETENTION_MS_CONFIG)));
        }
        return wrong;
    }

    private static Optional<String> setting(Config config, String name) {
        return Optional.ofNullable(config.get(name)).map(entry -> entry.value());
    }

    private static ConfigResource resource(String topic) {
        return new ConfigResource(ConfigResource.Type.TOPIC, topic);
    }

    private static <T> T asked(org.apache.kafka.common.KafkaFuture<T> future) {
        try {
            return future.get();
        } catch (ExecutionException e) {
            throw e.getCause() instanceof KafkaException kafka ? kafka : new KafkaException(e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new org.apache.kafka.common.errors.InterruptException(e);
        }
    }
}
