package dev.aviary.cli.replay;

import dev.aviary.eventlog.LoggedEvent;
import dev.aviary.eventlog.codec.CanaryKeySerde;
import dev.aviary.eventlog.codec.EventSerde;
import dev.aviary.eventlog.codec.Read;
import dev.aviary.eventlog.topics.Entry;
import dev.aviary.eventlog.topics.Topics;
import dev.aviary.events.CanaryKey;
import dev.aviary.events.RolloutEvent;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.function.Function;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.TestOutputTopic;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.TopologyTestDriver;

/// One of the services' own topologies, and everything that its topics then hold, with the offsets of a real log.
final class Recorder implements AutoCloseable {
    static final Instant NOON = Instant.parse("2026-01-01T12:00:00Z");
    static final Topics TOPICS = Topics.DEFAULT;
    static final CanaryKey CHECKOUT = new CanaryKey("eu", "shop", "checkout");

    final List<Entry> log = new ArrayList<>();
    final List<Entry> measurements = new ArrayList<>();
    private final EventSerde events = new EventSerde(this::now);
    private final TopologyTestDriver kafka;
    private final TestOutputTopic<CanaryKey, LoggedEvent> said;
    private Instant now = NOON;

    Recorder(Path folder, Function<InstantSource, Topology> topology) {
        var settings = new Properties();
        settings.put(StreamsConfig.APPLICATION_ID_CONFIG, "recorded");
        settings.put(StreamsConfig.STATE_DIR_CONFIG, folder.toString());
        kafka = new TopologyTestDriver(topology.apply(this::now), settings, now);
        said = kafka.createOutputTopic(
                TOPICS.rolloutEvents(), new CanaryKeySerde().deserializer(), events.deserializer());
    }

    void hear(RolloutEvent event) {
        heard(log, TOPICS.rolloutEvents(), event);
    }

    void measure(RolloutEvent event) {
        heard(measurements, TOPICS.measurements(), event);
    }

    private void heard(List<Entry> where, String topic, RolloutEvent event) {
        pass(Duration.ofMillis(1));
        var logged = LoggedEvent.fact("fact-%s-%d".formatted(topic, where.size()), event);
        add(where, topic, logged, now);
        kafka.createInputTopic(topic, new CanaryKeySerde().serializer(), events.serializer())
                .pipeInput(CHECKOUT, logged, now);
        capture();
    }

    void pass(Duration time) {
        now = now.plus(time);
        kafka.advanceWallClockTime(time);
        capture();
    }

    private void capture() {
        said.readRecordsToList()
                .forEach(record -> add(log, TOPICS.rolloutEvents(), record.value(), record.getRecordTime()));
    }

    private static void add(List<Entry> where, String topic, LoggedEvent logged, Instant at) {
        where.add(new Entry(topic, 0, where.size(), at, CHECKOUT, new Read.Event(logged)));
    }

    List<LoggedEvent> decisions() {
        return log.stream()
                .map(entry -> ((Read.Event) entry.read()).logged())
                .filter(logged -> logged.taken().isPresent())
                .toList();
    }

    Instant now() {
        return now;
    }

    @Override
    public void close() {
        kafka.close();
    }
}
