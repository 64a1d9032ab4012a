package dev.aviary.cli;

import dev.aviary.eventlog.topics.LogConnection;
import dev.aviary.eventlog.topics.Topics;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Option;

/// Where the log is: the same options for every verb that reads it.
final class LogOptions {
    /// Of a broker on a machine that has too much to do.
    private static final Duration PATIENCE = Duration.ofSeconds(15);

    /// After it, one is told what is waited for.
    private static final Duration SILENCE = Duration.ofSeconds(3);

    /// Written by `up`: where its broker listens.
    static final String ADDRESS_FILE = "kafka-address";

    @Option(
            names = "--data",
            paramLabel = "DIR",
            description = "Folder of `up`: the broker's data, the services' state. Default: ${DEFAULT-VALUE}",
            defaultValue = "${sys:user.home}/.aviary")
    Path data = Path.of("");

    @Option(names = "--kafka", paramLabel = "HOST:PORT", description = "An existing Kafka instead of the embedded one.")
    Optional<String> kafka = Optional.empty();

    @Option(
            names = "--kafka-config",
            paramLabel = "FILE",
            description = "Client properties for it, such as SASL and TLS.")
    Optional<Path> kafkaConfig = Optional.empty();

    @Option(
            names = "--topic-prefix",
            defaultValue = "aviary.",
            description = "Before every topic's name. Default: ${DEFAULT-VALUE}")
    String topicPrefix = "aviary.";

    Topics topics() {
        return new Topics(topicPrefix);
    }

    /// @throws Problem if there is none, or it doesn't answer
    LogConnection connection() {
        var address = kafka.orElseGet(this::embedded);
        var connection = with(LogConnection.to(address));
        var wait = CompletableFuture.runAsync(
                () -> System.err.printf(
                        "%s hasn't answered yet, waiting %d s at most ...%n", connection, PATIENCE.toSeconds()),
                CompletableFuture.delayedExecutor(SILENCE.toMillis(), TimeUnit.MILLISECONDS));
        var problem = connection.problem(PATIENCE);
        wait.cancel(false);
        problem.ifPresent(sentence -> {
            throw new Problem(sentence);
        });
        return connection;
    }

    LogConnection with(LogConnection connection) {
        if (kafkaConfig.isEmpty()) {
            return connection;
        }
        try {
            return connection.with(kafkaConfig.get());
        } catch (IOException e) {
            throw new Problem("--kafka-config: %s can't be read.".formatted(kafkaConfig.get()));
        }
    }

    private String embedded() {
        try {
            return Files.readString(data.resolve(ADDRESS_FILE)).strip();
        } catch (IOException e) {
            throw new Problem("no log was found in %s: start `./aviary up`, or name a Kafka with --kafka HOST:PORT."
                    .formatted(data));
        }
    }
}
