package dev.aviary.router;

import dev.aviary.eventlog.streams.StreamsApp;
import dev.aviary.eventlog.streams.StreamsSettings;
import dev.aviary.eventlog.topics.LogConnection;
import dev.aviary.eventlog.topics.Topics;
import dev.aviary.events.CanaryKey;
import dev.aviary.flagger.Canary;
import dev.aviary.router.reconcile.Cluster;
import dev.aviary.router.reconcile.Finalizers;
import dev.aviary.router.reconcile.LoggedOutcomes;
import dev.aviary.router.reconcile.Providers;
import dev.aviary.router.reconcile.Reconciler;
import dev.aviary.router.reconcile.Refusal;
import dev.aviary.router.reconcile.Watchdog;
import dev.aviary.router.reconcile.Watches;
import dev.aviary.router.status.FlaggerMetrics;
import dev.aviary.router.status.StatusWriter;
import dev.aviary.router.stream.Followers;
import dev.aviary.router.stream.LogContact;
import dev.aviary.router.stream.RolloutTopology;
import dev.aviary.router.traffic.TrafficRouter;
import dev.aviary.router.workload.Services;
import dev.aviary.router.workload.WorkloadController;
import io.fabric8.kubernetes.api.model.ListOptionsBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.RequestConfigBuilder;
import io.micrometer.core.instrument.MeterRegistry;
import io.quarkus.arc.All;
import io.quarkus.runtime.PreventFurtherStepsException;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.io.IOException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import org.jboss.logging.Logger;

/// Puts the router together at start: what it needs is there, or one sentence says what isn't and the process ends.
@ApplicationScoped
public class Router {
    /// Name of the consumer group and of the state's folder; it must never change.
    static final String APPLICATION = "router";

    private static final Logger LOG = Logger.getLogger(Router.class);
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final RouterConfig config;
    private final KubernetesClient kube;
    private final List<TrafficRouter> routers;
    private final List<WorkloadController> workloads;
    private final Services services;
    private final MeterRegistry metrics;
    private final Deque<AutoCloseable> open = new ArrayDeque<>();
    private Optional<StreamsApp> streams = Optional.empty();
    private Optional<Watchdog> watchdog = Optional.empty();

    public Router(
            RouterConfig config,
            KubernetesClient kube,
            @All List<TrafficRouter> routers,
            @All List<WorkloadController> workloads,
            Services services,
            MeterRegistry metrics) {
        this.config = config;
        this.kube = kube;
        this.routers = routers;
        this.workloads = workloads;
        this.services = services;
        this.metrics = metrics;
    }

    void start(@Observes StartupEvent event) {
        if (!config.enabled()) {
            return;
        }
        var log = connection();
        var unreachable = log.problem(PATIENCE);
        if (unreachable.isPresent()) {
            throw stop(unreachable.get());
        }
        askForCanaries();

        var clock = InstantSource.system();
        var threads = opened(Executors.newThreadPerTaskExecutor(
                Thread.ofVirtual().name("reconcile-", 0).factory()));
        var alarm = opened(Executors.newSingleThreadScheduledExecutor(
                Thread.ofPlatform().daemon().name("router-later").factory()));
        var later = later(threads, alarm);
        var topics = new Topics(config.topicPrefix());
        var providers = new Providers(routers, workloads, config.meshProvider());
        var world = new Cluster(kube, providers, services, new Finalizers(kube), clock);
        var outcomes = opened(LoggedOutcomes.to(log, topics));
        var reconciler = new Reconciler(threads, later, world, outcomes, clock);

        watch(log, topics, clock, reconciler);
        var followers = new Followers(List.of(
                new StatusWriter(kube, threads, later, clock),
                new FlaggerMetrics(metrics, clock, version(), config.meshProvider())));
        streams = Optional.of(opened(StreamsApp.start(
                RolloutTopology.of(topics, reconciler, followers, clock), settings(log, topics), clock)));
        var watches = opened(new Watches(
                kube,
                later,
                config.namespace(),
                owner -> new CanaryKey(config.clusterName(), owner.namespace(), owner.canary()),
                reconciler));
        watches.start(routers);
        LOG.infof("router started log=\"%s\" cluster=%s provider=%s", log, config.clusterName(), config.meshProvider());
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

    /// Why it isn't ready, in a sentence.
    Optional<String> problem() {
        if (!config.enabled()) {
            return Optional.empty();
        }
        return watchdog.filter(Watchdog::isBlind)
                .map(_ -> "the log can't be reached; rollouts went to the safe side")
                .or(() -> streams.map(StreamsApp::problem).orElseGet(() -> Optional.of("starting")));
    }

    boolean isAlive() {
        return streams.map(StreamsApp::isAlive).orElse(true);
    }

    private void watch(LogConnection log, Topics topics, InstantSource clock, Reconciler reconciler) {
        var pause = config.blindDeadline().dividedBy(10);
        var contact = opened(new LogContact(log, topics, pause.multipliedBy(2)));
        var dog = new Watchdog(config.blindDeadline(), clock, contact, reconciler);
        var thread = opened(Executors.newSingleThreadScheduledExecutor(
                Thread.ofPlatform().daemon().name("router-watchdog").factory()));
        var _ = thread.scheduleWithFixedDelay(
                () -> {
                    try {
                        dog.look();
                    } catch (RuntimeException bug) { // the next look may do better; no look at all can't
                        LOG.error("the watchdog's look failed", bug);
                    }
                },
                0,
                pause.toMillis(),
                TimeUnit.MILLISECONDS);
        watchdog = Optional.of(dog);
    }

    private static BiConsumer<Duration, Runnable> later(ExecutorService threads, ScheduledExecutorService alarm) {
        return (pause, task) -> {
            var _ = alarm.schedule(() -> threads.execute(task), pause.toMillis(), TimeUnit.MILLISECONDS);
        };
    }

    private StreamsSettings settings(LogConnection log, Topics topics) {
        return new StreamsSettings(
                config.topicPrefix().replaceAll("[^A-Za-z0-9]+$", "") + "-" + APPLICATION,
                Optional.of(config.instanceId()),
                log,
                topics,
                config.stateDir(),
                1,
                config.standbys(),
                config.replicationFactor(),
                StreamsSettings.AT_ONCE);
    }

    private LogConnection connection() {
        var log = new LogConnection(config.bootstrapServers(), config.kafka());
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

    /// Without the client's own retries, which would take minutes.
    private void askForCanaries() {
        var once = new RequestConfigBuilder(kube.getConfiguration().getRequestConfig())
                .withRequestRetryBackoffLimit(0)
                .withRequestTimeout((int) PATIENCE.toMillis())
                .build();
        var canaries = kube.newClient(once).adapt(KubernetesClient.class).resources(Canary.class);
        var one = new ListOptionsBuilder().withLimit(1L).build();
        try {
            var _ = config.namespace()
                    .map(namespace -> canaries.inNamespace(namespace).list(one))
                    .orElseGet(() -> canaries.inAnyNamespace().list(one));
        } catch (KubernetesClientException refused) {
            throw stop(
                    "Canaries can't be read at %s: %s. Check the kubeconfig, its rights, and that the CRDs are installed."
                            .formatted(kube.getMasterUrl(), Refusal.sentence(refused)));
        }
    }

    /// Quarkus swallows the exception where it stands alone, and waits for ever; as a cause it prints the sentence,
    /// without a stack, and exits with the status.
    ///
    /// @see <a href="https://github.com/quarkusio/quarkus/issues/32729">Quarkus: it hangs</a>
    private static IllegalStateException stop(String sentence) {
        return new IllegalStateException(new PreventFurtherStepsException("router: " + sentence, 1));
    }

    private static String version() {
        return Optional.ofNullable(Router.class.getPackage().getImplementationVersion())
                .orElse("0.1.0");
    }

    private <T extends AutoCloseable> T opened(T one) {
        open.push(one);
        return one;
    }
}
