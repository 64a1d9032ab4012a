package dev.aviary.eventlog.streams;

import dev.aviary.eventlog.topics.LogConnection;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.errors.MissingSourceTopicException;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A Kafka Streams application's life: it waits for the log, makes the topics, runs, and says how it is.
///
/// It starts without Kafka, too: it isn't ready then, and goes on when Kafka is there. It isn't alive any more when
/// only a person, or a restart, can help.
public final class StreamsApp implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(StreamsApp.class);
    private static final Duration ANSWER = Duration.ofSeconds(5);
    private static final Duration PAUSE = Duration.ofSeconds(1);
    private static final Duration CLOSING = Duration.ofSeconds(10);
    private static final Duration CRASHES_WITHIN = Duration.ofMinutes(1);
    private static final int CRASHES = 5;
    private static final Set<String> SIGNS_OF_LIFE = Set.of("last-heartbeat-seconds-ago", "last-rebalance-seconds-ago");

    private final Topology topology;
    private final StreamsSettings settings;
    private final Consumer<KafkaStreams> made;
    private final InstantSource clock;
    private final CountDownLatch closing = new CountDownLatch(1);
    private final Thread starter;
    private final Deque<Instant> crashes = new ArrayDeque<>();
    private volatile Optional<KafkaStreams> streams = Optional.empty();
    private volatile Optional<String> waitsFor = Optional.of("starting");
    private volatile Optional<String> failed = Optional.empty();

    private StreamsApp(Topology topology, StreamsSettings settings, InstantSource clock, Consumer<KafkaStreams> made) {
        this.topology = topology;
        this.settings = settings;
        this.clock = clock;
        this.made = made;
        this.starter =
                Thread.ofVirtual().name(settings.application() + "-start").unstarted(this::untilItRuns);
    }

    /// Returns at once.
    public static StreamsApp start(Topology topology, StreamsSettings settings, InstantSource clock) {
        return start(topology, settings, clock, _ -> {});
    }

    /// Returns at once.
    ///
    /// @param made hears of the application before it runs: binds its metrics, listens to its state
    public static StreamsApp start(
            Topology topology, StreamsSettings settings, InstantSource clock, Consumer<KafkaStreams> made) {
        var app = new StreamsApp(topology, settings, clock, made);
        app.starter.start();
        return app;
    }

    /// It processes what comes, and Kafka answers.
    public boolean isReady() {
        return problem().isEmpty();
    }

    /// It may yet become ready by itself.
    public boolean isAlive() {
        return failed.isEmpty();
    }

    /// Why it isn't ready, in a sentence.
    public Optional<String> problem() {
        return failed.or(() -> waitsFor).or(() -> streams.flatMap(this::problem));
    }

    /// Since the group's coordinator was last told that we live: grows while Kafka is away.
    public Optional<Duration> sinceHeartbeat() {
        return streams.flatMap(StreamsApp::sinceHeartbeat);
    }

    /// For its stores and metrics; empty until Kafka was first reached.
    public Optional<KafkaStreams> streams() {
        return streams;
    }

    /// It stays a member of its group for the session's time, so that a restart goes on where it was.
    @Override
    public void close() {
        closing.countDown();
        try {
            starter.join();
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
        streams.ifPresent(running -> running.close(CLOSING));
        waitsFor = Optional.of("closed");
        LOG.info("{} stopped", settings.application());
    }

    private void untilItRuns() {
        try {
            while (!isClosing(Duration.ZERO) && isAlive() && !run()) {
                isClosing(PAUSE);
            }
        } catch (IOException e) {
            fail("%s can't keep its state in %s: %s. Make the folder writable."
                    .formatted(settings.application(), settings.state(), e.getMessage()));
        } catch (RuntimeException e) {
            LOG.debug("start", e);
            fail("%s doesn't start: %s".formatted(settings.application(), e.getMessage()));
        }
    }

    /// @return false if Kafka isn't there yet
    private boolean run() throws IOException {
        Files.createDirectories(settings.state());
        var unreachable = settings.log().problem(ANSWER);
        if (unreachable.isPresent()) {
            waitFor(unreachable.get());
            return false;
        }
        try (var admin = settings.log().admin()) {
            var wrong = settings.topics().ensure(admin, settings.replicas());
            if (!wrong.isEmpty()) {
                fail(String.join(" ", wrong));
                return true;
            }
        } catch (KafkaException e) {
            waitFor("The topics can't be made or looked at: %s.".formatted(e.getMessage()));
            return false;
        }
        var running = new KafkaStreams(topology, settings.properties());
        running.setUncaughtExceptionHandler(this::crashed);
        made.accept(running);
        running.start();
        streams = Optional.of(running);
        waitsFor = Optional.empty();
        LOG.info("{} started log=\"{}\" state={}", settings.application(), settings.log(), settings.state());
        return true;
    }

    private StreamThreadExceptionResponse crashed(Throwable cause) {
        LOG.error("{} crashed in a stream thread", settings.application(), cause);
        if (cause instanceof MissingSourceTopicException) {
            fail("A topic of %s is gone while it ran: %s. Restore it; a restart makes an empty one."
                    .formatted(settings.application(), cause.getMessage()));
            return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
        }
        if (isOneTooMany()) {
            fail("%s crashed %d times within %d s, last: %s. Nothing is processed until it is restarted."
                    .formatted(settings.application(), CRASHES, CRASHES_WITHIN.toSeconds(), root(cause)));
            return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
        }
        return StreamThreadExceptionResponse.REPLACE_THREAD;
    }

    /// Kafka's own exception says where, the first one says what.
    private static Throwable root(Throwable failure) {
        var cause = failure.getCause();
        return cause == null ? failure : root(cause);
    }

    private synchronized boolean isOneTooMany() {
        var now = clock.instant();
        crashes.removeIf(crash -> crash.isBefore(now.minus(CRASHES_WITHIN)));
        crashes.add(now);
        return crashes.size() >= CRASHES;
    }

    private Optional<String> problem(KafkaStreams running) {
        var state = running.state();
        if (state != KafkaStreams.State.RUNNING) {
            return Optional.of("%s is %s".formatted(settings.application(), state));
        }
        return sinceHeartbeat(running)
                .filter(silence -> silence.compareTo(StreamsSettings.SESSION) > 0)
                .map(silence -> "%s hasn't answered for %d s".formatted(settings.log(), silence.toSeconds()));
    }

    /// A member that has sent no heartbeat yet was last heard when it joined.
    private static Optional<Duration> sinceHeartbeat(KafkaStreams running) {
        return running.metrics().values().stream()
                .filter(metric -> SIGNS_OF_LIFE.contains(metric.metricName().name()))
                .map(metric -> Map.entry(
                        metric.metricName().tags().getOrDefault("client-id", ""),
                        ((Number) metric.metricValue()).longValue()))
                .filter(seconds -> seconds.getValue() >= 0)
                .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue, Math::min))
                .values()
                .stream()
                .max(Long::compare)
                .map(Duration::ofSeconds);
    }

    private void waitFor(String what) {
        if (!waitsFor.equals(Optional.of(what))) {
            LOG.warn("{} waits: {}", settings.application(), what);
        }
        waitsFor = Optional.of(what);
    }

    private void fail(String why) {
        failed = Optional.of(why);
        LOG.error(why);
    }

    private boolean isClosing(Duration within) {
        try {
            return closing.await(within.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
            return true;
        }
    }

    /// Where it writes and reads.
    public LogConnection log() {
        return settings.log();
    }
}
