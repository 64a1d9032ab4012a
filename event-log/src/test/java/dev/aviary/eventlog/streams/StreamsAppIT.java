package dev.aviary.eventlog.streams;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.aviary.eventlog.LoggedEvent;
import dev.aviary.eventlog.codec.CanaryKeySerde;
import dev.aviary.eventlog.codec.CanaryKeySerde.CanaryKeySerializer;
import dev.aviary.eventlog.codec.EventSerde;
import dev.aviary.eventlog.codec.EventSerde.EventSerializer;
import dev.aviary.eventlog.codec.JsonSerde;
import dev.aviary.eventlog.codec.Read;
import dev.aviary.eventlog.codec.ReadSerde;
import dev.aviary.eventlog.topics.Entry;
import dev.aviary.eventlog.topics.History;
import dev.aviary.eventlog.topics.LogConnection;
import dev.aviary.eventlog.topics.Topics;
import dev.aviary.events.CanaryKey;
import dev.aviary.events.InitializationStarted;
import dev.aviary.events.TakeoverStarted;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.processor.api.ContextualProcessor;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StreamsAppIT {
    private static final CanaryKey CHECKOUT = new CanaryKey("eu", "shop", "checkout");
    static final Duration LONG = Duration.ofSeconds(60);
    static final String LOG = Topics.DEFAULT.rolloutEvents();
    private static final String ANSWERS = Topics.DEFAULT.measurements();

    @TempDir
    Path folder;

    record Counted(int heard) {}

    /// Counts what it hears of a canary, and says so; like a router, only simpler.
    static class Counting extends ContextualProcessor<CanaryKey, Read, CanaryKey, LoggedEvent> {
        @Override
        public void process(Record<CanaryKey, Read> heard) {
            if (heard.value() instanceof Read.Event(var logged)
                    && logged.event() instanceof InitializationStarted(var revision)) {
                if (revision.equals("crash")) {
                    throw new IllegalStateException("a bug");
                }
                KeyValueStore<CanaryKey, Counted> store = context().getStateStore("counts");
                var before = store.get(heard.key());
                var next = new Counted(before == null ? 1 : before.heard() + 1);
                store.put(heard.key(), next);
                var said = LoggedEvent.fact("answer-" + next.heard(), new TakeoverStarted("v1:" + next.heard()));
                context().forward(heard.withValue(said));
            }
        }
    }

    @Test
    void itRunsAndGoesOnAfterARestartWhereItWas() throws Exception {
        try (var broker = EmbeddedBroker.start(folder.resolve("kafka"), 0)) {
            var log = LogConnection.to(broker.bootstrapServers());
            try (var app = start(log)) {
                await().atMost(LONG).until(app::isReady);
                hear(log, "1", "2");
                await().atMost(LONG)
                        .untilAsserted(() -> assertThat(answers(log)).isEqualTo(answers(1, 2)));
            }
            hear(log, "3");
            try (var _ = start(log)) {
                await().atMost(LONG)
                        .untilAsserted(() -> assertThat(answers(log)).isEqualTo(answers(1, 3)));
            }
        }
    }

    @Test
    void withoutKafkaItIsAliveButNotReadyAndGoesOnWhenKafkaIsThere() throws Exception {
        int port;
        try (var socket = new ServerSocket(0)) {
            port = socket.getLocalPort();
        }
        var log = LogConnection.to("127.0.0.1:" + port);
        try (var app = start(log)) {
            await().atMost(LONG)
                    .untilAsserted(() -> assertThat(app.problem())
                            .hasValueSatisfying(why -> assertThat(why).contains("doesn't answer")));
            assertThat(app.isReady()).isFalse();
            assertThat(app.isAlive()).isTrue();

            try (var _ = EmbeddedBroker.start(folder.resolve("kafka"), port)) {
                await().atMost(LONG).until(app::isReady);
            }
            await().atMost(LONG).until(() -> !app.isReady());
            assertThat(app.problem()).hasValueSatisfying(why -> assertThat(why).contains("hasn't answered for"));
            assertThat(app.isAlive()).isTrue();

            try (var _ = EmbeddedBroker.start(folder.resolve("kafka"), port)) {
                hear(log, "1");
                await().atMost(LONG)
                        .untilAsserted(() -> assertThat(answers(log)).isEqualTo(answers(1, 1)));
                await().atMost(LONG).until(app::isReady);
            }
        }
    }

    @Test
    void aFolderThatCantBeWrittenEndsItWithASentence() throws Exception {
        Files.writeString(folder.resolve("state"), "in the way");
        try (var app = start(LogConnection.to("127.0.0.1:1"))) {
            await().atMost(LONG).until(() -> !app.isAlive());
            assertThat(app.problem()).hasValueSatisfying(why -> assertThat(why).contains("can't keep its state in"));
        }
    }

    private StreamsApp start(LogConnection log) {
        return start(log, folder.resolve("state"));
    }

    static StreamsApp start(LogConnection log, Path state) {
        var key = new CanaryKeySerde();
        var topology = new Topology()
                .addSource("log", key.deserializer(), new ReadSerde().deserializer(), LOG)
                .addProcessor("counting", Counting::new, "log")
                .addStateStore(
                        Stores.keyValueStoreBuilder(
                                Stores.persistentKeyValueStore("counts"), key, JsonSerde.of(Counted.class)),
                        "counting")
                .addSink("said", ANSWERS, key.serializer(), new EventSerde().serializer(), "counting");
        var settings = StreamsSettings.of("counting", log, state);
        return StreamsApp.start(topology, settings, InstantSource.system());
    }

    static void hear(LogConnection log, String... revisions) throws Exception {
        try (var producer = log.producer(new CanaryKeySerializer(), new EventSerializer())) {
            for (var revision : revisions) {
                var event = LoggedEvent.fact("heard-" + revision, new InitializationStarted(revision));
                producer.send(new ProducerRecord<>(LOG, CHECKOUT, event)).get();
            }
        }
    }

    static List<LoggedEvent> answers(LogConnection log) {
        try (var history = History.of(log, ANSWERS, CHECKOUT)) {
            return history.map(Entry::read)
                    .map(read -> ((Read.Event) read).logged())
                    .toList();
        }
    }

    static List<LoggedEvent> answers(int from, int to) {
        return IntStream.rangeClosed(from, to)
                .mapToObj(count -> LoggedEvent.fact("answer-" + count, new TakeoverStarted("v1:" + count)))
                .toList();
    }
}
