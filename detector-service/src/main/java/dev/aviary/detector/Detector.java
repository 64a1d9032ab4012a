package dev.aviary.detector;

import dev.aviary.detector.watch.ClusterWatch;
import dev.aviary.detector.watch.Journal;
import dev.aviary.detector.watch.Observer;
import dev.aviary.eventlog.topics.ClusterNames;
import dev.aviary.eventlog.topics.LogConnection;
import dev.aviary.eventlog.topics.Topics;
import dev.aviary.flagger.Canary;
import dev.aviary.flagger.CanarySpecs;
import io.fabric8.kubernetes.api.model.ListOptionsBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.extended.leaderelection.LeaderCallbacks;
import io.fabric8.kubernetes.client.extended.leaderelection.LeaderElectionConfigBuilder;
import io.fabric8.kubernetes.client.extended.leaderelection.resourcelock.LeaseLock;
import io.micrometer.core.instrument.MeterRegistry;
import io.quarkus.runtime.Quarkus;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.common.KafkaException;
import org.jboss.logging.Logger;

/// Puts the detector together at start: what it needs is there, or one sentence says what isn't and the process ends.
/// One instance watches, the one that holds the Lease; the others wait for it.
@ApplicationScoped
public class Detector {
    private static final Logger LOG = Logger.getLogger(Detector.class);
    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final String LEASE = "aviary-detector";

    private final DetectorConfig config;
    private final KubernetesClient kube;
    private final MeterRegistry metrics;
    private Optional<CompletableFuture<?>> election = Optional.empty();
    private volatile Optional<Journal> journal = Optional.empty();
    private volatile Optional<ClusterWatch> watch = Optional.empty();
    private volatile boolean waiting;
    private volatile boolean ending;

    public Detector(DetectorConfig config, KubernetesClient kube, MeterRegistry metrics) {
        this.config = config;
        this.kube = kube;
        this.metrics = metrics;
    }

    void start(@Observes StartupEvent event) {
        if (!config.enabled()) {
            return;
        }
        var log = connection();
        log.problem(PATIENCE).ifPresent(Detector::stop);
        var topics = new Topics(config.topicPrefix());
        prepare(log, topics);
        askForCanaries();
        var lock = new LeaseLock(leaseNamespace(), LEASE, config.instanceId());
        var elector = kube.leaderElector()
                .withConfig(new LeaderElectionConfigBuilder()
                        .withName(LEASE)
                        .withLock(lock)
                        .withLeaseDuration(config.leaseDuration())
                        .withRenewDeadline(config.leaseDuration().dividedBy(4).multipliedBy(3))
                        .withRetryPeriod(config.leaseDuration().dividedBy(8))
                        .withReleaseOnCancel(true)
                        .withLeaderCallbacks(new LeaderCallbacks(() -> lead(log, topics), this::lost, this::leader))
                        .build())
                .build();
        election = Optional.of(elector.start());
    }

    private void leader(String holder) {
        waiting = !holder.equals(config.instanceId());
        if (waiting) {
            LOG.infof("detector waits lease=%s holder=%s", LEASE, holder);
        }
    }

    private void lead(LogConnection log, Topics topics) {
        waiting = false;
        Thread.ofVirtual().name("detector-start").start(() -> {
            var opened = Journal.open(log, topics, config.clusterName());
            journal = Optional.of(opened);
            var settings = CanarySpecs.Settings.defaults(config.meshProvider());
            var observer = new Observer(
                    new CanarySpecs.Settings(
                            settings.defaultProvider(),
                            settings.providers(),
                            settings.metricProviders(),
                            config.compat().equals("strict"),
                            config.noCrossNamespaceRefs()),
                    config.configTracking());
            var started = new ClusterWatch(kube, config.namespace(), config.clusterName(), observer, opened, metrics);
            watch = Optional.of(started);
            started.start();
            LOG.infof("detector watches cluster=%s log=\"%s\"", config.clusterName(), log);
        });
    }

    /// Two detectors must not speak at once: who lost the Lease ends, and is started again as one that waits.
    private void lost() {
        if (!ending) {
            LOG.error("The Lease %s was lost to another instance: this one ends.".formatted(LEASE));
            Quarkus.asyncExit(1);
        }
    }

    void stop(@Observes ShutdownEvent event) {
        ending = true;
        watch.ifPresent(ClusterWatch::close);
        election.ifPresent(future -> future.cancel(true));
        journal.ifPresent(Journal::close);
    }

    /// Why it isn't ready, in a sentence.
    Optional<String> problem() {
        if (!config.enabled() || waiting) {
            return Optional.empty();
        }
        return watch.map(ClusterWatch::problem)
                .orElse(Optional.of("starting: it has neither the Lease nor seen who has it"));
    }

    private void prepare(LogConnection log, Topics topics) {
        try (var admin = log.admin()) {
            topics.ensure(admin, config.replicationFactor()).stream()
                    .findFirst()
                    .ifPresent(Detector::stop);
            new ClusterNames(log, topics).claim(config.clusterName()).ifPresent(Detector::stop);
        } catch (KafkaException e) {
            throw stop("The topics of %s can't be made ready: %s.".formatted(log, e.getMessage()));
        }
    }

    private LogConnection connection() {
        var log = new LogConnection(config.bootstrapServers(), Map.of());
        if (config.clientProperties().isEmpty()) {
            return log;
        }
        try {
            return log.with(config.clientProperties().get());
        } catch (IOException unreadable) {
            throw stop("The Kafka client properties in %s can't be read: %s."
                    .formatted(config.clientProperties().get(), unreadable.getMessage()));
        }
    }

    private void askForCanaries() {
        var one = new ListOptionsBuilder().withLimit(1L).build();
        try {
            var canaries = kube.resources(Canary.class);
            var _ = config.namespace().isPresent()
                    ? canaries.inNamespace(config.namespace().get()).list(one)
                    : canaries.inAnyNamespace().list(one);
        } catch (KubernetesClientException refused) {
            throw stop(
                    "Canaries can't be read at %s: %s. Check the kubeconfig, its rights, and that the CRDs are installed."
                            .formatted(kube.getMasterUrl(), words(refused)));
        }
    }

    private String leaseNamespace() {
        return config.leaseNamespace().or(config::namespace).orElse("default");
    }

    private static String words(KubernetesClientException refused) {
        return Optional.ofNullable(refused.getStatus())
                .map(status -> status.getMessage())
                .or(() -> Optional.ofNullable(refused.getCause()).map(Throwable::getMessage))
                .or(() -> Optional.ofNullable(refused.getMessage()))
                .orElse("no reason was given");
    }

    /// Quarkus neither starts nor ends when a StartupEvent's observer throws, and `System.exit` waits for the start
    /// that waits for it. Nothing is open yet that would have to be closed.
    ///
    /// @see <a href="https://github.com/quarkusio/quarkus/issues/32729">Quarkus: it hangs</a>
    private static IllegalStateException stop(String sentence) {
        System.err.println("detector: " + sentence);
        Runtime.getRuntime().halt(1);
        return new IllegalStateException(sentence);
    }
}
