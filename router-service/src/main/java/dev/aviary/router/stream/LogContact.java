package dev.aviary.router.stream;

import dev.aviary.eventlog.topics.LogConnection;
import dev.aviary.eventlog.topics.Topics;
import java.time.Duration;
import java.util.HashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;

/// Asks every partition's leader for its end: the log is there if all of them answer.
public final class LogContact implements BooleanSupplier, AutoCloseable {
    private final Admin admin;
    private final Topics topics;
    private final Duration patience;

    public LogContact(LogConnection log, Topics topics, Duration patience) {
        var settings = new HashMap<>(log.properties());
        int millis = Math.toIntExact(patience.toMillis());
        settings.put(AdminClientConfig.REQUEST_TIMEOUT_MS_CONFIG, millis);
        settings.put(AdminClientConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, millis);
        this.admin = Admin.create(settings);
        this.topics = topics;
        this.patience = patience;
    }

    @Override
    public boolean getAsBoolean() {
        var ends = IntStream.range(0, Topics.PARTITIONS)
                .boxed()
                .collect(Collectors.toMap(
                        partition -> new TopicPartition(topics.rolloutEvents(), partition), _ -> OffsetSpec.latest()));
        try {
            var _ = admin.listOffsets(ends, new ListOffsetsOptions().timeoutMs(Math.toIntExact(patience.toMillis())))
                    .all()
                    .get(patience.toMillis(), TimeUnit.MILLISECONDS);
            return true;
        } catch (ExecutionException | TimeoutException | KafkaException away) {
            return false;
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    @Override
    public void close() {
        admin.close(Duration.ofSeconds(2));
    }
}
