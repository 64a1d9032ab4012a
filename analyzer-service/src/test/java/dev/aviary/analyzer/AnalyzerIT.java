package dev.aviary.analyzer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.aviary.analyzer.metric.Backend;
import dev.aviary.analyzer.metric.MetricQuery;
import dev.aviary.analyzer.metric.PrometheusMetricProvider;
import dev.aviary.eventlog.LoggedEvent;
import dev.aviary.eventlog.codec.CanaryKeySerde;
import dev.aviary.eventlog.codec.EventSerde;
import dev.aviary.eventlog.topics.LogConnection;
import dev.aviary.eventlog.topics.Topics;
import dev.aviary.events.Bounds;
import dev.aviary.events.CanaryKey;
import dev.aviary.events.CheckCompleted;
import dev.aviary.events.EvidenceRecorded;
import dev.aviary.events.GateDecided;
import dev.aviary.events.GateRequested;
import dev.aviary.events.HookKind;
import dev.aviary.events.Measurement;
import dev.aviary.events.Measurement.NoData;
import dev.aviary.events.Measurement.NotANumber;
import dev.aviary.events.Measurement.Refused;
import dev.aviary.events.Measurement.SeveralSeries;
import dev.aviary.events.Measurement.Value;
import dev.aviary.events.MetricSpec;
import dev.aviary.events.RolloutEvent;
import dev.aviary.events.Superseded;
import dev.aviary.events.Verdict;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.RestAssured;
import jakarta.inject.Inject;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.junit.jupiter.api.Test;

/// The whole analyzer on a real broker, a real API server and a real Prometheus; the test plays the router.
@QuarkusTest
@QuarkusTestResource(value = RealParts.class, restrictToAnnotatedClass = true)
class AnalyzerIT {
    private static final Topics TOPICS = Topics.DEFAULT;

    @ConfigProperty(name = "aviary.analyzer.bootstrap-servers")
    String bootstrap;

    @ConfigProperty(name = "aviary.analyzer.metrics-server")
    String metricsServer;

    @Inject
    PrometheusMetricProvider prometheus;

    @Inject
    KubernetesClient kube;

    @Test
    void aRolloutIsAskedAboutMeasuredJudgedAndRecorded() throws Exception {
        try (var receiver = new HttpStub().answers(403, "not yet").answers(200, "");
                var log = new Log(LogConnection.to(bootstrap))) {
            await().atMost(Duration.ofSeconds(30))
                    .untilAsserted(
                            () -> RestAssured.get("/q/health/ready").then().statusCode(200));
            canaryWith(receiver.url());
            var metric = new MetricSpec(
                    "success",
                    new MetricSpec.Query("vector(93.1)"),
                    "1m",
                    new Bounds(Optional.of(99.0), Optional.empty()));
            log.say(Samples.started(
                    Samples.spec(Duration.ofSeconds(1), List.of(metric), Samples.hook(HookKind.CONFIRM_ROLLOUT))));
            log.say(new GateRequested(Samples.ROLLOUT, HookKind.CONFIRM_ROLLOUT, -1));
            assertThat(log.next(GateDecided.class).outcome()).isEqualTo(GateDecided.Outcome.CLOSED);
            assertThat(log.next(GateDecided.class).outcome()).isEqualTo(GateDecided.Outcome.OPENED);

            log.say(Samples.step(0));
            log.say(Samples.shifted(3, 0));
            var check = log.next(CheckCompleted.class);
            assertThat(check.verdict()).isEqualTo(Verdict.FAILED);
            assertThat(check.reasons())
                    .singleElement()
                    .asString()
                    .startsWith("success 93.1 is below 99"); // once the guard has looked: and why nothing is counted
            assertThat(log.next(CheckCompleted.class).look()).isEqualTo(check.look() + 1);

            log.say(new Superseded(Samples.ROLLOUT, "v1:three"));
            assertThat(log.next(EvidenceRecorded.class).looks()).hasSizeGreaterThanOrEqualTo(2);
        }
        assertThat(RestAssured.get("/q/metrics").asString())
                .contains("flagger_canary_metric_analysis{metric=\"success\",name=\"checkout\",namespace=\"shop\"");
    }

    @Test
    void aRealPrometheusGivesEachKindOfAnswer() {
        assertThat(ask("vector(42)")).isEqualTo(new Value(42));
        assertThat(ask("scalar(vector(42))")).isEqualTo(new Value(42));
        assertThat(ask("nothing_of_this_name")).isEqualTo(new NoData());
        assertThat(ask("vector(0) / vector(0)")).isEqualTo(new NotANumber("NaN"));
        assertThat(ask("vector(1) / vector(0)")).isEqualTo(new NotANumber("+Inf"));
        assertThat(ask("vector(1) or label_replace(vector(2), \"a\", \"b\", \"\", \"\")"))
                .isEqualTo(new SeveralSeries(2));
        assertThat(ask("up{"))
                .isInstanceOfSatisfying(
                        Refused.class,
                        it -> assertThat(it.why()).contains("400 bad_data").contains("parse error"));
        assertThat(ask("up[1m]")).isInstanceOf(Refused.class);
        assertThat(ask("\"text\"")).isInstanceOf(Refused.class);
    }

    private Measurement ask(String query) {
        return prometheus.measure(
                new MetricQuery(Backend.at(metricsServer), query, "1m", Duration.ofSeconds(5), false));
    }

    private void canaryWith(String url) {
        kube.resource(new NamespaceBuilder()
                        .withNewMetadata()
                        .withName("shop")
                        .endMetadata()
                        .build())
                .create();
        var yaml = """
                apiVersion: flagger.app/v1beta1
                kind: Canary
                metadata: {name: checkout, namespace: shop}
                spec:
                  analysis:
                    webhooks: [{name: confirm-rollout, type: confirm-rollout, url: "%s"}]
                """.formatted(url);
        kube.load(new ByteArrayInputStream(yaml.getBytes(StandardCharsets.UTF_8)))
                .create();
    }

    /// What the router would say, and what the analyzer says.
    private static final class Log implements AutoCloseable {
        private final LogConnection connection;
        private final Consumer<CanaryKey, LoggedEvent> reader;
        private final List<RolloutEvent> heard = new ArrayList<>();

        Log(LogConnection connection) {
            this.connection = connection;
            this.reader = connection.consumer(new CanaryKeySerde().deserializer(), new EventSerde().deserializer());
            var partitions = IntStream.range(0, Topics.PARTITIONS)
                    .mapToObj(partition -> new TopicPartition(TOPICS.rolloutEvents(), partition))
                    .toList();
            reader.assign(partitions);
            reader.seekToBeginning(partitions);
        }

        void say(RolloutEvent event) throws ExecutionException, InterruptedException {
            try (var producer = connection.producer(new CanaryKeySerde().serializer(), new EventSerde().serializer())) {
                producer.send(new ProducerRecord<>(
                                TOPICS.rolloutEvents(),
                                Samples.CHECKOUT,
                                LoggedEvent.fact(event.getClass().getName(), event)))
                        .get();
            }
        }

        <T extends RolloutEvent> T next(Class<T> type) {
            await().atMost(Duration.ofSeconds(30)).until(() -> {
                reader.poll(Duration.ofMillis(100))
                        .forEach(record -> heard.add(record.value().event()));
                return heard.stream().anyMatch(type::isInstance);
            });
            var found = heard.stream().filter(type::isInstance).findFirst().orElseThrow();
            heard.subList(0, heard.indexOf(found) + 1).clear();
            return type.cast(found);
        }

        @Override
        public void close() {
            reader.close();
        }
    }
}
