package dev.aviary.notifier;

import dev.aviary.eventlog.topics.LogConnection;
import dev.aviary.eventlog.topics.Topics;
import dev.aviary.events.CanaryKey;
import dev.aviary.flagger.Canary;
import dev.aviary.notifier.NotifierConfig.Start;
import dev.aviary.notifier.alert.Canaries;
import dev.aviary.notifier.alert.Outbox;
import io.fabric8.kubernetes.api.model.ListOptionsBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.RequestConfigBuilder;
import io.quarkus.runtime.PreventFurtherStepsException;
import io.quarkus.runtime.StartupEvent;
import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.errors.UnknownMemberIdException;
import org.jboss.logging.Logger;

/// Before the channels start: what must be there is there, or one sentence says what isn't and the process ends.
@ApplicationScoped
public class Preflight {
    private static final Logger LOG = Logger.getLogger(Preflight.class);
    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final int BEFORE_THE_CHANNELS = 1;

    private final NotifierConfig config;
    private final KubernetesClient kubernetes;
    private final Canaries canaries;
    private final Topics topics;

    public Preflight(NotifierConfig config, KubernetesClient kubernetes, Canaries canaries) {
        this.config = config;
        this.kubernetes = kubernetes;
        this.canaries = canaries;
        this.topics = new Topics(config.topicPrefix());
    }

    void check(@Observes @Priority(BEFORE_THE_CHANNELS) StartupEvent event) {
        var log = connection();
        log.problem(PATIENCE).ifPresent(Preflight::stop);
        try (var admin = log.admin()) {
            topics.ensure(admin, config.replicationFactor()).stream()
                    .findFirst()
                    .ifPresent(Preflight::stop);
            makeRetries(admin);
            startingPoint(admin);
        } catch (KafkaException e) {
            stop("Topics of Kafka at %s can't be made ready: %s.".formatted(config.bootstrapServers(), e.getMessage()));
        }
        try {
            mayWatch();
            // The first question starts the watch.
            var _ = canaries.find(new CanaryKey(config.clusterName(), "default", "none"));
        } catch (KubernetesClientException e) {
            stop(
                    "Canaries can't be watched at %s: %s. Check the kubeconfig, its rights, and that the CRDs are installed."
                            .formatted(kubernetes.getMasterUrl(), words(e)));
        }
        LOG.infof(
                "notifier ready to start cluster=%s log=%s group=%s",
                config.clusterName(), topics.rolloutEvents(), config.group());
    }

    private LogConnection connection() {
        try {
            return Kafka.connection(config);
        } catch (UncheckedIOException unreadable) {
            throw stopped(String.valueOf(unreadable.getMessage()));
        }
    }

    /// Without the client's own retries, which would take minutes.
    private void mayWatch() {
        var once = new RequestConfigBuilder(kubernetes.getConfiguration().getRequestConfig())
                .withRequestRetryBackoffLimit(0)
                .withRequestTimeout((int) PATIENCE.toMillis())
                .build();
        var found = kubernetes.newClient(once).adapt(KubernetesClient.class).resources(Canary.class);
        var one = new ListOptionsBuilder().withLimit(1L).build();
        var _ = config.namespace()
                .map(namespace -> found.inNamespace(namespace).list(one))
                .orElseGet(() -> found.inAnyNamespace().list(one));
    }

    private static String words(KubernetesClientException failed) {
        return Optional.ofNullable(failed.getStatus())
                .flatMap(status -> Optional.ofNullable(status.getMessage()))
                .or(() -> Optional.ofNullable(failed.getCause()).map(Throwable::toString))
                .orElseGet(() ->
                        String.valueOf(failed.getMessage()).lines().findFirst().orElse(""));
    }

    /// Quarkus swallows the exception where it stands alone, and waits for ever; as a cause it prints the sentence,
    /// without
    /// a stack, and exits with the status.
    private static void stop(String sentence) {
        throw stopped(sentence);
    }

    private static IllegalStateException stopped(String sentence) {
        return new IllegalStateException(new PreventFurtherStepsException("notifier: " + sentence, 1));
    }

    private void makeRetries(Admin admin) {
        var retries = new NewTopic(Outbox.retries(topics), Topics.PARTITIONS, config.replicationFactor())
                .configs(Map.of(
                        TopicConfig.RETENTION_MS_CONFIG,
                        Long.toString(config.giveUpAfter().multipliedBy(2).toMillis())));
        try {
            asked(admin.createTopics(List.of(retries)).all());
        } catch (TopicExistsException e) {
            LOG.debugf("topic %s is there", retries.name());
        }
    }

    /// A new group's place is written down at once. Were it left to `auto.offset.reset`, a restart before the first
    /// commit would lose what happened in between.
    private void startingPoint(Admin admin) {
        var partitions = IntStream.range(0, Topics.PARTITIONS)
                .mapToObj(partition -> new TopicPartition(topics.rolloutEvents(), partition))
                .toList();
        var known = asked(admin.listConsumerGroupOffsets(config.group()).partitionsToOffsetAndMetadata());
        var without = partitions.stream().filter(at -> known.get(at) == null).toList();
        if (without.isEmpty()) {
            return;
        }
        try {
            asked(admin.alterConsumerGroupOffsets(config.group(), places(admin, without))
                    .all());
            LOG.infof("new group starts group=%s at=%s partitions=%d", config.group(), config.start(), without.size());
        } catch (UnknownMemberIdException e) {
            LOG.infof("another notifier of the group is at work group=%s", config.group());
        }
    }

    private Map<TopicPartition, OffsetAndMetadata> places(Admin admin, Collection<TopicPartition> partitions) {
        var spec = config.start() == Start.EARLIEST ? OffsetSpec.earliest() : OffsetSpec.latest();
        var asked = new HashMap<TopicPartition, OffsetSpec>();
        partitions.forEach(partition -> asked.put(partition, spec));
        return asked(admin.listOffsets(asked).all()).entrySet().stream()
                .collect(Collectors.toMap(
                        Map.Entry::getKey,
                        at -> new OffsetAndMetadata(at.getValue().offset())));
    }

    private static <T> T asked(KafkaFuture<T> future) {
        try {
            return future.get();
        } catch (ExecutionException e) {
            throw e.getCause() instanceof KafkaException kafka ? kafka : new KafkaException(e.getCause());
        } catch (InterruptedException e) {
            throw new InterruptException(e);
        }
    }
}
