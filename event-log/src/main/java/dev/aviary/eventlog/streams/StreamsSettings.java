package dev.aviary.eventlog.streams;

import dev.aviary.eventlog.topics.LogConnection;
import dev.aviary.eventlog.topics.Topics;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.streams.StreamsConfig;

/// What differs from one Kafka Streams application to the next; the rest is the same for all, and measured.
///
/// @param application name of the consumer group, of the stores' topics and of the state folder: never changed later
/// @param instance    name of this instance, the same after a restart (a StatefulSet's pod name): then it goes on at
///                    once. Empty: it waits until its former self is given up
/// @param state       folder of the stores; kept over restarts
/// @param standbys    warm copies of each store on other instances
/// @param replicas    of topics that are made, or [Topics#BROKERS_DEFAULT]
/// @param commits     from one to the next, while there is something to commit: what was said is read by others then
public record StreamsSettings(
        String application,
        Optional<String> instance,
        LogConnection log,
        Topics topics,
        Path state,
        int threads,
        int standbys,
        short replicas,
        Duration commits) {
    /// Of who says something at most inputs. A hop takes about that long: 26 ms.
    public static final Duration AT_ONCE = Duration.ofMillis(20);

    /// Of who says little, and asks for a commit then: while one is under way nothing is read, and on a busy machine it
    /// takes longer than [#AT_ONCE].
    public static final Duration ON_REQUEST = Duration.ofMillis(100);

    static final Duration SESSION = Duration.ofSeconds(6);
    static final String LOG = "aviary.log.connection";
    static final String TOPICS = "aviary.topics";

    /// One instance, one thread, no standby.
    public static StreamsSettings of(String application, LogConnection log, Path state) {
        return new StreamsSettings(
                application,
                Optional.of(application),
                log,
                Topics.DEFAULT,
                state,
                1,
                0,
                Topics.BROKERS_DEFAULT,
                AT_ONCE);
    }

    /// For Kafka Streams; for its test driver, too.
    public Properties properties() {
        var settings = new Properties();
        settings.putAll(log.properties());
        settings.put(LOG, log);
        settings.put(TOPICS, topics);
        settings.put(StreamsConfig.APPLICATION_ID_CONFIG, application);
        settings.put(StreamsConfig.STATE_DIR_CONFIG, state.toAbsolutePath().toString());
        settings.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, threads);
        settings.put(StreamsConfig.NUM_STANDBY_REPLICAS_CONFIG, standbys);
        settings.put(StreamsConfig.REPLICATION_FACTOR_CONFIG, (int) replicas);
        settings.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
        settings.put(StreamsConfig.DESERIALIZATION_EXCEPTION_HANDLER_CLASS_CONFIG, UnreadableKeys.class);
        settings.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, (int) commits.toMillis());
        settings.put(StreamsConfig.POLL_MS_CONFIG, 10);
        settings.put(StreamsConfig.producerPrefix(ProducerConfig.LINGER_MS_CONFIG), 0);
        settings.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, 0);
        settings.put(StreamsConfig.consumerPrefix(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG), "earliest");
        // A partition that is added waits for the fetch under way (500 ms by default), and at a start they come one
        // after the other.
        settings.put(StreamsConfig.consumerPrefix(ConsumerConfig.FETCH_MAX_WAIT_MS_CONFIG), 100);
        // A dead instance is given up after the session; what it had written without a commit hides what came
        // after it, until its transaction is given up. The defaults are 45 s and 10 s.
        settings.put(StreamsConfig.consumerPrefix(ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG), (int) SESSION.toMillis());
        settings.put(StreamsConfig.consumerPrefix(ConsumerConfig.HEARTBEAT_INTERVAL_MS_CONFIG), 1_500);
        settings.put(StreamsConfig.producerPrefix(ProducerConfig.TRANSACTION_TIMEOUT_CONFIG), 3_000);
        instance.ifPresent(
                name -> settings.put(StreamsConfig.consumerPrefix(ConsumerConfig.GROUP_INSTANCE_ID_CONFIG), name));
        return settings;
    }
}
