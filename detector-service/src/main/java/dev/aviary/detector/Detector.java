package dev.aviary.detector;

import dev.aviary.detector.watch.Cluster;
import dev.aviary.detector.watch.KafkaLog;
import dev.aviary.detector.watch.Leadership;
import dev.aviary.detector.watch.Teller;
import dev.aviary.eventlog.codec.WireTypes;
import dev.aviary.eventlog.topics.LogConnection;
import dev.aviary.eventlog.topics.Topics;
import dev.aviary.events.DetectorEvent;
import dev.aviary.flagger.CanarySpecs;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.micrometer.core.instrument.MeterRegistry;
import io.quarkus.runtime.PreventFurtherStepsException;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.io.IOException;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jboss.logging.Logger;

/// Puts the detector together at start: what it needs is there, or one sentence says what isn't and the process ends.
@ApplicationScoped
public class Detector {
    private static final Logger LOG = Logger.getLogger(Detector.class);

    private final DetectorConfig config;
    private final KubernetesClient client;
    private final MeterRegistry metrics;
    private final Deque<AutoCloseable> open = new ArrayDeque<>();
    private Optional<Cluster> cluster = Optional.empty();
    private Optional<Teller> teller = Optional.empty();

    public Detector(DetectorConfig config, KubernetesClient client, MeterRegistry metrics) {
        this.config = config;
        this.client = client;
        this.metrics = metrics;
    }

    void start(@Observes StartupEvent event) {
        if (!config.enabled()) {
            return;
        }
        var preflight = new Preflight(config);
        var log = connection(preflight);
        var topics = new Topics(config.topicPrefix());
        preflight.log(log, topics).ifPresent(Detector::stop);
        preflight.kubernetes(client).ifPresent(Detector::stop);

        var clock = InstantSource.system();
        var watched = opened(new Cluster(client, config.namespace(), config.configTracking()));
        var telling = opened(new Teller(
                config.clusterName(),
                config.namespace(),
                watched,
                settings(),
                config.configTracking(),
                client.getKubernetesSerialization(),
                opened(new KafkaLog(log, topics, config.clusterName(), clock)),
                clock,
                this::count));
        cluster = Optional.of(watched);
        teller = Optional.of(telling);
        telling.start();
        if (config.leaderElection()) {
            var threads = Executors.newThreadPerTaskExecutor(
                    Thread.ofVirtual().name("detector-lease-", 0).factory());
            open.push(threads::shutdownNow);
            opened(leadership(threads, telling)).start();
        } else {
            telling.active(true);
        }
        LOG.infof(
                "detector started log=\"%s\" cluster=%s namespace=%s provider=%s",
                log, config.clusterName(), config.namespace().orElse("all"), config.meshProvider());
    }

    void stop(@Observes ShutdownEvent event) {
        while (!open.isEmpty()) {
            try {
                open.pop().close();
            } catch (Exception late) {
                LOG.debugf("not closed why=\"%s\"", late.getMessage());
            }
        }
    }

    /// Why it isn't ready, in a sentence. A detector that waits for the Lease is ready.
    Optional<String> problem() {
        if (!config.enabled()) {
            return Optional.empty();
        }
        if (cluster.isEmpty() || teller.isEmpty()) {
            return Optional.of("starting");
        }
        if (!cluster.get().isComplete()) {
            return Optional.of("not everything has been listed at " + client.getMasterUrl());
        }
        return cluster.get().isWatching()
                ? teller.get().problem()
                : Optional.of("a watch at %s is down; it is tried again".formatted(client.getMasterUrl()));
    }

    boolean isAlive() {
        return teller.map(Teller::isAlive).orElse(true);
    }

    private CanarySpecs.Settings settings() {
        return new CanarySpecs.Settings(
                config.meshProvider(),
                new TreeSet<>(config.providers()),
                new TreeSet<>(config.metricProviders()),
                config.compat() == DetectorConfig.Compat.STRICT,
                config.noCrossNamespaceRefs());
    }

    private Leadership leadership(ExecutorService threads, Teller telling) {
        var namespace = config.leaseNamespace()
                .or(config::namespace)
                .or(() -> Optional.ofNullable(client.getNamespace()))
                .orElse("default");
        return new Leadership(client, threads, namespace, config.instanceId(), config.leaseDuration(), telling::active);
    }

    private static LogConnection connection(Preflight preflight) {
        try {
            return preflight.connection();
        } catch (IOException e) {
            throw stop("The Kafka client properties can't be read: %s.".formatted(e.getMessage()));
        }
    }

    private void count(DetectorEvent event) {
        metrics.counter("aviary.detector.events", "type", WireTypes.of(event.getClass()))
                .increment();
    }

    /// Quarkus swallows the exception where it stands alone, and waits for ever; as a cause it prints the sentence,
    /// without a stack, and exits with the status.
    private static IllegalStateException stop(String sentence) {
        throw new IllegalStateException(new PreventFurtherStepsException("detector: " + sentence, 1));
    }

    private <T extends AutoCloseable> T opened(T one) {
        open.push(one);
        return one;
    }
}
