package dev.aviary.systemtests;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.aviary.eventlog.codec.Json;
import dev.aviary.events.CanaryParked;
import dev.aviary.events.GateDecided;
import dev.aviary.events.Promoted;
import dev.aviary.events.StepStarted;
import dev.aviary.flagger.Canary;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/// The services are restarted in the middle of rollouts, on a log and on stores that a newer version has written to.
@Isolated
class UpgradeST {
    private static final RealWorld WORLD = RealWorld.shared();
    private static final String LOG = "aviary.rollout-events";
    private static PlainCanaries canaries;

    @BeforeAll
    static void prepared() {
        canaries = Prepared.take(Prepared.UPGRADE);
    }

    static PlainCanaries rolloutsInTheirMiddle() {
        var canaries = PlainCanaries.in(WORLD, "upgrade");
        var gated = Map.of("gate", "confirm-traffic-increase", "steps", "20, 60");
        canaries.apply("goes-on", gated);
        canaries.apply("is-parked", gated);
        canaries.apply("stands", Map.of("skip", "true"));
        Stream.of("goes-on", "is-parked", "stands").forEach(name -> canaries.awaitPhase(name, "Initialized"));
        Stream.of("goes-on", "is-parked").forEach(name -> {
            canaries.openGate(name);
            canaries.releaseReady(name);
            canaries.awaitEvent(name, StepStarted.class::isInstance);
            canaries.closeGate(name);
        });
        Stream.of("goes-on", "is-parked")
                .forEach(name -> canaries.awaitEvent(
                        name,
                        event -> event instanceof GateDecided gate && gate.outcome() == GateDecided.Outcome.CLOSED));
        return canaries;
    }

    @AfterAll
    static void noMoreGates() {
        canaries.close();
    }

    @Test
    void aRolloutGoesOnOverWhatANewerVersionSaidAndOnlyAnUnknownDecisionParksItsCanary() {
        var before = canaries.history();
        try (var routes = RouteHistory.of(WORLD.kube(), canaries.namespace())) {
            WORLD.restarted(() -> {
                sayAsANewerVersion();
                assertThat(keepAsANewerVersion()).contains("goes-on", "is-parked", "stands");
                delete(WORLD.state());
            });

            canaries.awaitEvent("is-parked", CanaryParked.class::isInstance);
            await("the Canary says why")
                    .atMost(RealWorld.patience())
                    .untilAsserted(() -> assertThat(condition("is-parked"))
                            .startsWith("Parked, with its traffic on the primary")
                            .contains("the decision step-blended.v1 is of a newer router")
                            .contains("retry"));
            await("its traffic is on the primary")
                    .atMost(RealWorld.patience())
                    .untilAsserted(() -> assertThat(routes.weights("is-parked")).containsExactly(20, 0));
            assertThat(routes.weights("stands")).containsExactly(0);
            assertThat(decisions("stands")).isEqualTo(PlainCanaries.decisions("stands", before));

            WORLD.aviary("retry", canaries.namespace() + "/is-parked", "--why", "the router is updated");
            Stream.of("goes-on", "is-parked").forEach(canaries::openGate);
            canaries.releaseReady("stands");
            Stream.of("goes-on", "is-parked", "stands")
                    .forEach(name -> canaries.awaitEvent(name, Promoted.class::isInstance));
            assertThat(decisions("goes-on"))
                    .containsExactly(
                            "InitializationStarted",
                            "TakeoverStarted",
                            "RolloutStarted",
                            "ScaleUpStarted",
                            "GateRequested",
                            "StepStarted 20",
                            "GateRequested",
                            "StepStarted 60",
                            "PromotionStarted",
                            "TrafficReturnStarted",
                            "DrainStarted",
                            "ScaleDownStarted",
                            "Promoted");
            assertThat(routes.weights("goes-on")).containsExactly(20, 60, 0);
            assertThat(routes.weights("is-parked")).containsExactly(20, 0, 20, 60, 0);
        }
    }

    private static List<String> decisions(String name) {
        return PlainCanaries.decisions(name, canaries.history());
    }

    private static String condition(String name) {
        return WORLD.kube()
                .resources(Canary.class)
                .inNamespace(canaries.namespace())
                .withName(name)
                .get()
                .getStatus()
                .condition("Promoted")
                .orElseThrow()
                .message();
    }

    /// Of the one that is to go on the last fact of each type once more, with fields that nobody knows yet, and types
    /// that nobody knows yet. Of the other one a decision that nobody knows yet.
    private static void sayAsANewerVersion() {
        var said = new ArrayList<ProducerRecord<byte[], byte[]>>();
        var last = new HashMap<String, ConsumerRecord<byte[], byte[]>>();
        for (var record : records(Set.of(LOG))) {
            if (isOf(record, "goes-on") && record.headers().lastHeader("ce_seq") == null) { // no decision
                last.put(header(record, "ce_type"), record);
            }
        }
        assertThat(last).containsKeys("dev.aviary.workload-changed.v1", "dev.aviary.traffic-shifted.v1");
        last.values().forEach(record -> said.add(newer(record)));
        var any = last.get("dev.aviary.workload-changed.v1");
        said.add(unknown(any, "pod-moved.v1", "detector-event"));
        said.add(unknown(any, "trend-noticed.v1", "analyzer-event"));
        said.add(unknown(any, "alert-read.v1", "notifier-event"));
        var parked = records(Set.of(LOG)).stream()
                .filter(record -> isOf(record, "is-parked"))
                .findFirst()
                .orElseThrow();
        said.add(unknown(parked, "step-blended.v1", "router-decision"));
        send(said);
    }

    private static ProducerRecord<byte[], byte[]> unknown(
            ConsumerRecord<byte[], byte[]> like, String type, String says) {
        var headers = new RecordHeaders(like.headers().toArray());
        Map.of("ce_type", "dev.aviary." + type, "ce_says", says, "ce_id", "upgrade/" + type)
                .forEach((name, value) -> headers.remove(name).add(name, value.getBytes(UTF_8)));
        return new ProducerRecord<>(
                like.topic(), like.partition(), null, like.key(), "{\"new\": 1}".getBytes(UTF_8), headers);
    }

    /// Each state with fields that nobody knows yet, as its changelog is to restore it.
    ///
    /// @return the canaries that have one
    private static Set<String> keepAsANewerVersion() {
        var last = new HashMap<String, ConsumerRecord<byte[], byte[]>>();
        for (var record : records(changelogs())) {
            last.put(record.topic() + new String(record.key(), UTF_8), record);
        }
        var canariesKept = new HashSet<String>();
        var kept = new ArrayList<ProducerRecord<byte[], byte[]>>();
        last.values().stream().filter(record -> record.value() != null).forEach(record -> {
            var key = new String(record.key(), UTF_8);
            canariesKept.add(key.substring(key.lastIndexOf('/') + 1));
            kept.add(newer(record));
        });
        send(kept);
        return canariesKept;
    }

    private static Set<String> changelogs() {
        try (var admin = WORLD.pipeline().log().admin()) {
            var found = new HashSet<>(admin.listTopics().names().get(30, TimeUnit.SECONDS));
            found.removeIf(topic -> !topic.startsWith("aviary-") || !topic.endsWith("-changelog"));
            assertThat(found).hasSize(2); // the router's and the analyzer's
            return found;
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    /// With one field more, in its parts too.
    private static ProducerRecord<byte[], byte[]> newer(ConsumerRecord<byte[], byte[]> record) {
        try {
            var tree = Json.mapper().readTree(record.value());
            Stream.of("seq", "kind", "uid")
                    .flatMap(known -> tree.findParents(known).stream())
                    .forEach(at -> ((ObjectNode) at).put("future", 1));
            ((ObjectNode) tree).putObject("future").putArray("more").add(1);
            return new ProducerRecord<>(
                    record.topic(),
                    record.partition(),
                    null,
                    record.key(),
                    Json.mapper().writeValueAsBytes(tree),
                    record.headers());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static boolean isOf(ConsumerRecord<byte[], byte[]> record, String name) {
        return record.key() != null
                && new String(record.key(), UTF_8).endsWith("/" + canaries.namespace() + "/" + name);
    }

    private static String header(ConsumerRecord<byte[], byte[]> record, String name) {
        return new String(record.headers().lastHeader(name).value(), UTF_8);
    }

    /// From their beginning to their end.
    private static List<ConsumerRecord<byte[], byte[]>> records(Set<String> topics) {
        var found = new ArrayList<ConsumerRecord<byte[], byte[]>>();
        try (var consumer = WORLD.pipeline().log().consumer()) {
            var partitions = topics.stream()
                    .flatMap(topic -> consumer.partitionsFor(topic).stream())
                    .map(info -> new TopicPartition(info.topic(), info.partition()))
                    .toList();
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            var ends = consumer.endOffsets(partitions);
            while (ends.entrySet().stream().anyMatch(end -> consumer.position(end.getKey()) < end.getValue())) {
                consumer.poll(java.time.Duration.ofMillis(200)).forEach(found::add);
            }
        }
        return found;
    }

    private static void send(List<ProducerRecord<byte[], byte[]>> records) {
        try (var producer = WORLD.pipeline().log().producer()) {
            records.forEach(producer::send);
        }
    }

    private static void delete(Path folder) {
        try (var all = Files.walk(folder)) {
            for (var one : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(one);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
