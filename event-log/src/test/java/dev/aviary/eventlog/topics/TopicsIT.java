package dev.aviary.eventlog.topics;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.config.ConfigResource;
import org.junit.jupiter.api.Test;

class TopicsIT extends WithBroker {
    private static final short ONE = 1;

    @Test
    void whatIsMissingIsMadeOnceAndForGood() throws Exception {
        var topics = new Topics("made.");

        assertThat(topics.ensure(admin, ONE)).isEmpty();
        assertThat(topics.ensure(admin, ONE)).isEmpty();

        assertThat(admin.listTopics().names().get())
                .contains("made.rollout-events", "made.measurements", "made.alerts", "made.dead-letters", "made.meta");
        assertThat(admin.describeTopics(List.of("made.rollout-events"))
                        .allTopicNames()
                        .get()
                        .get("made.rollout-events")
                        .partitions())
                .hasSize(24);
        assertThat(setting("made.rollout-events", "retention.ms")).isEqualTo("-1");
        assertThat(setting("made.rollout-events", "message.timestamp.type")).isEqualTo("LogAppendTime");
        assertThat(setting("made.measurements", "retention.ms"))
                .isEqualTo(Long.toString(Duration.ofDays(30).toMillis()));
        assertThat(setting("made.meta", "cleanup.policy")).isEqualTo("compact");
    }

    @Test
    void whatIsThereAndWrongIsSaid() throws Exception {
        var topics = new Topics("wrong.");
        admin.createTopics(List.of(
                        new NewTopic(topics.rolloutEvents(), 6, ONE)
                                .configs(Map.of("message.timestamp.type", "LogAppendTime", "retention.ms", "-1")),
                        new NewTopic(topics.measurements(), 24, ONE)))
                .all()
                .get();

        assertThat(topics.ensure(admin, ONE))
                .containsExactly(
                        "Topic wrong.rollout-events has 6 partitions instead of 24: a canary's records would be in two orders. Make the log anew under another prefix, or copy it into a topic of 24.",
                        "Topic wrong.measurements has message.timestamp.type=CreateTime: decisions need the broker's time. Set it to LogAppendTime (kafka-configs --alter).");
    }

    @Test
    void aLogThatForgetsIsNoAuditTrail() throws Exception {
        var topics = new Topics("forgets.");
        admin.createTopics(List.of(new NewTopic(topics.rolloutEvents(), 24, ONE)
                        .configs(Map.of("message.timestamp.type", "LogAppendTime"))))
                .all()
                .get();

        assertThat(topics.ensure(admin, ONE))
                .singleElement()
                .asString()
                .startsWith("Topic forgets.rollout-events forgets after 604800000 ms");
    }

    @Test
    void anEmptyLogIsTheFirstClustersAndNoOthersByAccident() {
        var topics = new Topics("names.");
        topics.ensure(admin, ONE);
        var names = new ClusterNames(log, topics);

        assertThat(names.claim("eu")).isEmpty();
        assertThat(names.claim("eu")).isEmpty();
        assertThat(names.claim("us"))
                .contains(
                        "The log of %s tells of cluster eu, and --cluster-name is \"us\". Take that name, or add this one to the log."
                                .formatted(log));

        names.add("us");
        assertThat(names.claim("us")).isEmpty();
        assertThat(names.all()).containsExactly("eu", "us");
    }

    @Test
    void aBrokerThatIsThereIsNoProblem() {
        assertThat(log.problem(Duration.ofSeconds(10))).isEmpty();
    }

    private static String setting(String topic, String name) throws Exception {
        var resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
        return admin.describeConfigs(List.of(resource))
                .all()
                .get()
                .get(resource)
                .get(name)
                .value();
    }
}
