package dev.aviary.analyzer;

import dev.aviary.analyzer.collect.Collector;
import dev.aviary.analyzer.collect.KafkaVoice;
import dev.aviary.analyzer.collect.LiveWorld;
import dev.aviary.analyzer.collect.Recorder;
import dev.aviary.analyzer.count.FallbackCounting;
import dev.aviary.analyzer.count.PodCounting;
import dev.aviary.analyzer.count.Scraper;
import dev.aviary.analyzer.gate.HookCaller;
import dev.aviary.analyzer.gate.Hooks;
import dev.aviary.analyzer.judge.JudgeTopology;
import dev.aviary.analyzer.live.LiveObjects;
import dev.aviary.analyzer.live.LivePods;
import dev.aviary.analyzer.metric.MetricProvider;
import dev.aviary.analyzer.metric.Metrics;
import dev.aviary.eventlog.streams.StreamsApp;
import dev.aviary.eventlog.streams.StreamsSettings;
import dev.aviary.eventlog.topics.LogConnection;
import dev.aviary.eventlog.topics.Topics;
import dev.aviary.events.CanaryKey;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.kafka.KafkaStreamsMetrics;
import io.quarkus.arc.All;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import java.io.IOException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import org.jboss.logging.Logger;

/// Puts the analyzer together at start: what it needs is there, or one sentence says what isn't and the process ends.
@ApplicationScoped
public class Analyzer {
    private static final Logger LOG = Logger.getLogger(Analyzer.class);
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final AnalyzerConfig config;
    private final LiveObjects live;
    private final LivePods pods;
    private final List<MetricProvider> providers;
    private final MeterRegistry metrics;
    private final InstantSource clock;
    private final Deque<AutoCloseable> open = new ArrayDeque<>();
    private Optional<StreamsApp> streams = Optional.empty();

    public Analyzer(
            AnalyzerConfig config,
            LiveObjects live,
            LivePods pods,
            @All List<MetricProvider> providers,
            MeterRegistry metrics,
            InstantSource clock) {
        this.config = config;
        this.live = live;
        this.pods = pods;
        this.providers = providers;
        this.metrics = metrics;
        this.clock = clock;
    }

    /// The machine's, for all that is put together here.
    @Produces
    @Singleton
    static InstantSource clock() {
        return InstantSource.system();
    }

    void start(@Observes StartupEvent event) {
        if (!config.enabled()) {
            return;
        }
        var log = connection();
        log.problem(PATIENCE)
                .or(() -> live.problem(config.namespace()))
                .map(Analyzer::stop)
                .ifPresent(stopped -> {
                    throw stopped;
                });

        var topics = new Topics(config.topicPrefix());
        var asking = new Metrics(live, providers, config.metricsServer(), config.queryTimeout());
        var world = new LiveWorld(asking, new Hooks(live, new HookCaller(Thread::sleep)), new Recorder(metrics));
        var voice = opened(KafkaVoice.to(log, topics));
        var threads = Executors.newThreadPerTaskExecutor(
                Thread.ofVirtual().name("collect-", 0).factory());
        opened(threads::shutdownNow); // a webhook may take minutes: it is called again after a restart
        var atPods = new PodCounting(pods, opened(new Scraper()), asking::promql, clock, threads);
        var counting = new FallbackCounting(atPods, asking::raw, asking::promql, pods, clock, threads);
        var collector = new Collector(threads, later(threads), clock, world, counting, voice);
        streams = Optional.of(opened(StreamsApp.start(
                JudgeTopology.of(topics, collector, clock, this::isOurs),
                settings(log, topics),
                clock,
                made -> opened(new KafkaStreamsMetrics(made)).bindTo(metrics))));
        LOG.infof("analyzer started log=\"%s\" cluster=%s", log, config.clusterName());
    }

    void stop(@Observes ShutdownEvent event) {
        while (!open.isEmpty()) {
            try {
                open.pop().close();
            } catch (Exception late) {
                LOG.debugf("not closed reason=\"%s\"", late.getMessage());
            }
        }
    }

    /// Why it isn't ready, in a sentence.
    Optional<String> problem() {
        return config.enabled()
                ? streams.map(StreamsApp::problem).orElseGet(() -> Optional.of("starting"))
                : Optional.empty();
    }

    boolean isAlive() {
        return streams.map(StreamsApp::isAlive).orElse(true);
    }

    private boolean isOurs(CanaryKey canary) {
        return canary.cluster().equals(config.clusterName())
                && config.namespace().map(canary.namespace()::equals).orElse(true);
    }

    private BiConsumer<Duration, Runnable> later(Executor threads) {
        var alarm = Executors.newSingleThreadScheduledExecutor(
                Thread.ofPlatform().daemon().name("analyzer-later").factory());
        opened(alarm::shutdownNow);
        return (pause, task) -> {
            var _ = alarm.schedule(() -> threads.execute(task), pause.toMillis(), TimeUnit.MILLISECONDS);
        };
    }

    /// A cluster, or a namespace of its own, has a group of its own: it reads the whole log and judges its canaries.
    private StreamsSettings settings(LogConnection log, Topics topics) {
        var prefix = config.topicPrefix().replaceAll("[^A-Za-z0-9]+$", "");
        var scope = config.namespace()
                .map(name -> config.clusterName() + "-" + name)
                .orElse(config.clusterName());
        return new StreamsSettings(
                "%s-analyzer-%s".formatted(prefix, scope),
                Optional.of(config.instanceId()),
                log,
                topics,
                config.stateDir(),
                1,
                config.standbys(),
                config.replicationFactor(),
                StreamsSettings.ON_REQUEST);
    }

    private LogConnection connection() {
        var log = new LogConnection(config.bootstrapServers(), config.kafka());
        if (config.clientProperties().isEmpty()) {
            return log;
        }
        var file = config.clientProperties().get();
        try {
            return log.with(file);
        } catch (IOException unreadable) {
            throw stop("The Kafka client properties in %s can't be read: %s.".formatted(file, unreadable.getMessage()));
        }
    }

    /// Quarkus neither starts nor ends when a StartupEvent's observer throws, and `System.exit` waits for the start
    /// that waits for it. Nothing is open yet that would have to be closed.
    ///
    /// @see <a href="https://github.com/quarkusio/quarkus/issues/32729">Quarkus: it hangs</a>
    private static IllegalStateException stop(String sentence) {
        System.err.println("analyzer: " + sentence);
        Runtime.getRuntime().halt(1);
        return new IllegalStateException(sentence);
    }

    private <T extends AutoCloseable> T opened(T one) {
        open.push(one);
        return one;
    }
}
