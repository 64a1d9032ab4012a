package dev.aviary.notifier;

import static dev.aviary.notifier.Samples.ROLLOUT;
import static dev.aviary.notifier.Samples.spec;
import static dev.aviary.notifier.Samples.weights;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.aviary.eventlog.LoggedEvent;
import dev.aviary.eventlog.codec.CanaryKeySerde;
import dev.aviary.eventlog.codec.EventSerde;
import dev.aviary.eventlog.codec.ReadSerde;
import dev.aviary.eventlog.topics.Topics;
import dev.aviary.events.AlertDelivered;
import dev.aviary.events.CanaryApplied;
import dev.aviary.events.CanaryKey;
import dev.aviary.events.CanaryRejected;
import dev.aviary.events.Percent;
import dev.aviary.events.RollbackStarted;
import dev.aviary.events.RollbackStarted.Cause;
import dev.aviary.events.RolledBack;
import dev.aviary.events.RolloutEvent;
import dev.aviary.events.ScaleUpStarted;
import dev.aviary.flagger.AlertProvider;
import dev.aviary.flagger.Canary;
import dev.aviary.notifier.alert.Canaries;
import dev.aviary.notifier.alert.LogHistory;
import dev.aviary.notifier.alert.Memory;
import dev.aviary.notifier.channel.HttpStub;
import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.clients.admin.MemberDescription;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;

@QuarkusTest
@QuarkusTestResource(Surroundings.class)
class NotifierIT {
    private static final Duration SOON = Duration.ofSeconds(30);
    private static final Topics TOPICS = Topics.DEFAULT;

    @Inject
    NotifierConfig config;

    @Inject
    KubernetesClient kubernetes;

    @Inject
    Canaries canaries;

    private HttpStub slack;
    private HttpStub webhook;
    private CanaryKey checkout;
    private String uid;

    @BeforeEach
    void prepare(TestInfo test) throws IOException {
        slack = HttpStub.start();
        webhook = HttpStub.start(URI.create(config.webhookUrl().orElseThrow()).getPort());
        checkout = new CanaryKey(
                "eu", test.getTestMethod().orElseThrow().getName().toLowerCase(java.util.Locale.ROOT), "checkout");
        kubernetes
                .resource(new NamespaceBuilder()
                        .withNewMetadata()
                        .withName(checkout.namespace())
                        .endMetadata()
                        .build())
                .create();
        kubernetes
                .resource(new SecretBuilder()
                        .withNewMetadata()
                        .withName("slack")
                        .withNamespace(checkout.namespace())
                        .endMetadata()
                        .addToStringData("address", slack.address("/T0/B0/secret"))
                        .addToStringData("token", "xoxb-1")
                        .build())
                .create();
        create(AlertProvider.class, """
                metadata: {name: releases}
                spec: {type: slack, channel: releases, secretRef: {name: slack}}""");
        uid = create(Canary.class, """
                        metadata: {name: checkout}
                        spec:
                          targetRef: {apiVersion: apps/v1, kind: Deployment, name: checkout}
                          analysis:
                            interval: 10s
                            threshold: 2
                            stepWeights: [5, 10, 50]
                            alerts:
                              - {name: all, providerRef: {name: releases}}
                            webhooks:
                              - {name: sink, type: event, url: "%s", metadata: {team: shop, eventType: mine}}
                              - {name: report, type: post-rollout, url: "%s", metadata: {team: shop}}""".formatted(webhook.address("/events"), webhook.address("/report")))
                .getMetadata()
                .getUid();
        await().atMost(SOON).until(() -> canaries.find(checkout).isPresent());
        say("1", new CanaryApplied(uid, 1, spec(weights("5", "10", "50"), false)));
    }

    @AfterEach
    void close() {
        slack.close();
        webhook.close();
    }

    @Test
    void aRollbackIsToldEverywhereOnce() throws IOException {
        say("2", new ScaleUpStarted(ROLLOUT, java.time.Instant.EPOCH));
        say("3", rollback());
        say("3", rollback()); // the sender repeats

        await().atMost(SOON).until(() -> delivered().size() == 4);
        assertThat(slack.requests())
                .extracting(request ->
                        json(request.body()).at("/attachments/0/text").textValue())
                .containsExactly(
                        "New revision detected, progressing canary analysis.", "Failed checks threshold reached 2");
        assertThat(slack.last().header("Authorization")).isEqualTo("Bearer xoxb-1");
        assertThat(posted("/alerts")).hasSize(2);
        assertThat(json(posted("/alerts").getLast().body()).at("/data/severity").textValue())
                .isEqualTo("error");
        await().atMost(SOON).until(() -> events().size() == 2);
        assertThat(events().getLast().getMessage())
                .isEqualTo(
                        "Rolling back checkout.%s failed checks threshold reached 2: p99 is 2100, must be at most 500"
                                .formatted(checkout.namespace()));
        assertThat(events().getLast().getType()).isEqualTo("Warning");
        assertThat(events().getLast().getSource().getComponent()).isEqualTo("aviary");
    }

    @Test
    void aReceiverThatIsAwayGetsItsAlertAfterwardsAndIsInNobodysWay() throws IOException {
        slack.close();
        say("2", rollback());

        await().atMost(SOON).until(() -> delivered().equals(List.of("settings/webhook")));
        try (var back = HttpStub.start(slack.port())) {
            await().atMost(SOON).until(() -> delivered().size() == 2);
            assertThat(back.requests()).hasSize(1);
        }
    }

    @Test
    void aRejectedCanaryShowsTheFieldAndTheWayOut() {
        say(
                "2",
                new CanaryRejected(
                        "Canary shop/checkout", "spec.provider", "is \"traefk\"; known: istio", "All stays"));

        await().atMost(SOON).until(() -> events().size() == 1);
        assertThat(events().getFirst().getMessage())
                .isEqualTo("Canary shop/checkout: spec.provider is \"traefk\"; known: istio. All stays");
    }

    @Test
    void hooksGetFlaggersPayload() throws IOException {
        say("2", new RolledBack(ROLLOUT, Duration.ofMinutes(1), List.of("slow")));

        await().atMost(SOON)
                .until(() -> posted("/report").size() == 1 && posted("/events").size() == 1);
        var event = json(posted("/events").getFirst().body());
        assertThat(event.at("/name").textValue()).isEqualTo("checkout");
        assertThat(event.at("/phase").textValue()).isEqualTo("Failed");
        assertThat(event.at("/metadata/team").textValue()).isEqualTo("shop");
        assertThat(event.at("/metadata/eventType").textValue()).isEqualTo("Warning");
        assertThat(event.at("/metadata/eventMessage").textValue()).startsWith("Canary failed! Scaling down checkout");
        assertThat(event.at("/metadata/timestamp").textValue()).matches("\\d{13}");
        assertThat(json(posted("/report").getFirst().body()).at("/metadata").size())
                .isEqualTo(1);
        await().atMost(SOON)
                .until(() -> events().stream()
                        .anyMatch(line -> line.getMessage().equals("Post-rollout check report passed")));
    }

    @Test
    void whatWasKnownBeforeARestartIsReadFromTheLog() {
        say("2", new ScaleUpStarted(ROLLOUT, java.time.Instant.EPOCH));
        var memory = new Memory(new LogHistory(Kafka.connection(config), TOPICS));
        var next = LoggedEvent.fact(checkout + "/3", rollback());

        var known = memory.hear(partition(), end(), new Memory.Entry(checkout, next))
                .orElseThrow();

        assertThat(known.uid()).contains(uid);
        assertThat(known.phase()).isEqualTo("Progressing");
        var repeat = LoggedEvent.fact(checkout + "/2", rollback());
        assertThat(memory.hear(partition(), end(), new Memory.Entry(checkout, repeat)))
                .isEmpty();
    }

    /// By it the group knows it again after a kill.
    @Test
    void anInstanceHasItsNameInEachOfItsGroups() {
        var groups = List.of(config.group(), config.group() + "-alerts", config.group() + "-retries");
        try (var admin = Kafka.connection(config).admin()) {
            await().atMost(SOON)
                    .untilAsserted(() -> assertThat(
                                    admin.describeConsumerGroups(groups).all().get())
                            .allSatisfy((group, told) -> assertThat(told.members())
                                    .as(group)
                                    .extracting(MemberDescription::groupInstanceId)
                                    .containsExactly(config.instanceId())));
        }
    }

    private static RollbackStarted rollback() {
        return new RollbackStarted(
                ROLLOUT, 0, Cause.FAILED_CHECKS, 2, Percent.ZERO, List.of("p99 is 2100, must be at most 500"));
    }

    private <T extends io.fabric8.kubernetes.api.model.HasMetadata> T create(Class<T> type, String yaml) {
        var made = Serialization.unmarshal(yaml, type);
        made.getMetadata().setNamespace(checkout.namespace());
        return kubernetes.resource(made).create();
    }

    private void say(String id, RolloutEvent event) {
        try (var log = Kafka.connection(config)
                .producer(new CanaryKeySerde.CanaryKeySerializer(), new EventSerde.EventSerializer())) {
            log.send(new ProducerRecord<>(
                    TOPICS.rolloutEvents(), checkout, LoggedEvent.fact(checkout + "/" + id, event)));
        }
    }

    /// Providers of this canary's AlertDelivered.
    private List<String> delivered() {
        var found = new ArrayList<String>();
        var heard = new LogHistory(Kafka.connection(config), TOPICS);
        heard.before(partition(), end(), entry -> {
            if (entry.canary().equals(checkout) && entry.logged().event() instanceof AlertDelivered told) {
                found.add(told.provider());
            }
        });
        return found;
    }

    private int partition() {
        var key = checkout.toString().getBytes(java.nio.charset.StandardCharsets.UTF_8);
        return org.apache.kafka.clients.producer.internals.BuiltInPartitioner.partitionForKey(key, Topics.PARTITIONS);
    }

    private long end() {
        var at = new TopicPartition(TOPICS.rolloutEvents(), partition());
        try (var consumer =
                Kafka.connection(config).consumer(new StringDeserializer(), new ReadSerde.ReadDeserializer())) {
            return consumer.endOffsets(List.of(at)).get(at);
        }
    }

    /// As `kubectl describe` asks for them.
    private List<Event> events() {
        return kubernetes
                .v1()
                .events()
                .inNamespace(checkout.namespace())
                .withField("involvedObject.uid", uid)
                .withField("involvedObject.kind", "Canary")
                .list()
                .getItems()
                .stream()
                .sorted(java.util.Comparator.comparing(
                        event -> event.getMessage().contains("Rolling back")))
                .toList();
    }

    private List<HttpStub.Request> posted(String path) {
        return webhook.requests().stream()
                .filter(request -> request.uri().equals(path) && request.body().contains(checkout.namespace()))
                .toList();
    }

    private static com.fasterxml.jackson.databind.JsonNode json(String text) {
        try {
            return new com.fasterxml.jackson.databind.ObjectMapper().readTree(text);
        } catch (com.fasterxml.jackson.core.JsonProcessingException e) {
            throw new IllegalArgumentException(text, e);
        }
    }
}
