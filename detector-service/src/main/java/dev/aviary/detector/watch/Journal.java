package dev.aviary.detector.watch;

import dev.aviary.eventlog.LoggedEvent;
import dev.aviary.eventlog.codec.EventCodec;
import dev.aviary.eventlog.codec.EventIds;
import dev.aviary.eventlog.codec.Read;
import dev.aviary.eventlog.topics.History;
import dev.aviary.eventlog.topics.LogConnection;
import dev.aviary.eventlog.topics.Topics;
import dev.aviary.events.CanaryKey;
import dev.aviary.events.DetectorEvent;
import java.time.InstantSource;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.producer.Producer;

/// What was said, from the log's beginning; and the pen.
public final class Journal implements AutoCloseable {
    private final EventCodec codec = new EventCodec(InstantSource.system());
    private final Map<CanaryKey, Said> said = new ConcurrentHashMap<>();
    private final Producer<byte[], byte[]> producer;
    private final String topic;

    private Journal(Producer<byte[], byte[]> producer, String topic) {
        this.producer = producer;
        this.topic = topic;
    }

    /// Reads the log first: a restart neither repeats nor forgets anything.
    public static Journal open(LogConnection log, Topics topics, String cluster) {
        var journal = new Journal(log.producer(), topics.rolloutEvents());
        try (var entries = History.ofAll(log, topics.rolloutEvents())) {
            entries.filter(entry -> entry.key().cluster().equals(cluster)).forEach(entry -> {
                if (entry.read() instanceof Read.Event(var logged) && logged.event() instanceof DetectorEvent event) {
                    journal.said.merge(entry.key(), Said.NOTHING.after(event), (before, _) -> before.after(event));
                }
            });
        }
        return journal;
    }

    Said said(CanaryKey key) {
        return said.getOrDefault(key, Said.NOTHING);
    }

    Set<CanaryKey> known() {
        return Set.copyOf(said.keySet());
    }

    /// Returns when the log has it.
    ///
    /// @throws ExecutionException if it hasn't: say it again
    void say(CanaryKey key, DetectorEvent event) throws ExecutionException, InterruptedException {
        var before = said(key);
        var id = EventIds.observed(key, event.getClass(), EventIds.content(event, before.command(), before.revision()));
        producer.send(codec.write(topic, key, LoggedEvent.fact(id, event))).get();
        said.put(key, before.after(event));
    }

    @Override
    public void close() {
        producer.close();
    }
}
