package dev.aviary.cli.demo;

import dev.aviary.cli.Kube;
import dev.aviary.cli.Problem;
import dev.aviary.cli.Programs;
import dev.aviary.cli.live.Screen;
import dev.aviary.cli.live.View;
import dev.aviary.cli.pipeline.Pipeline;
import dev.aviary.cli.pipeline.ServiceAccounts;
import dev.aviary.cli.story.Colours;
import dev.aviary.cli.story.Entry;
import dev.aviary.cli.story.LogReader;
import dev.aviary.cli.story.Story;
import dev.aviary.eventlog.topics.Topics;
import dev.aviary.events.*;
import dev.aviary.flagger.Canary;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.EnvVarBuilder;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.DeploymentBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// The seed experiment on real parts: a playground, the pipeline, an app under load, and releases that must end as
/// they should.
public final class Demo implements AutoCloseable {
    private static final String NAMESPACE = "shop";
    private static final String NAME = "sms-checker";
    private static final int PER_SECOND = 100;

    /// @param folder   of its own, for everything
    /// @param interval of the Canary's analysis
    /// @param scrape   of Prometheus
    /// @param replicas of the app
    /// @param annotations that the Canary gets besides its own
    public record Settings(
            Path folder,
            List<String> releases,
            Duration interval,
            Duration scrape,
            int replicas,
            Map<String, String> annotations,
            Duration window,
            int perSecond) {
        public Settings(
                Path folder,
                List<String> releases,
                Duration interval,
                Duration scrape,
                int replicas,
                Map<String, String> annotations) {
            this(folder, releases, interval, scrape, replicas, annotations, Demo.window(scrape), PER_SECOND);
        }
    }

    /// As many failed checks take a release back, as the manifest says.
    public static final int THRESHOLD = 2;

    /// Four scrapes: a rate needs two, and one may be missed.
    private static Duration window(Duration scrape) {
        return scrape.multipliedBy(4);
    }

    private final Settings settings;
    private final Screen screen;
    private final View view;
    private final BlockingQueue<Entry> heard = new LinkedBlockingQueue<>();
    private final AlertReceiver alerts = AlertReceiver.start();
    private final List<String> complaints = new ArrayList<>();
    private volatile boolean over;
    private @Nullable PlaygroundProcess playground;
    private @Nullable Pipeline pipeline;
    private @Nullable KubernetesClient kube;
    private @Nullable LoadGenerator load;
    private Instant begun = Instant.EPOCH;
    private volatile String told = "";

    public Demo(Settings settings, Screen screen) {
        this.settings = settings;
        this.screen = screen;
        this.view = new View(screen, InstantSource.system());
    }

    /// @return what each release did, in their order
    public List<Measured> run() throws InterruptedException {
        try (screen;
                view) {
            return releases();
        }
    }

    private List<Measured> releases() throws InterruptedException {
        start();
        var measured = new ArrayList<Measured>();
        for (var name : settings.releases()) {
            if (!measured.isEmpty()) {
                // The app's queries know pods by name, not by revision: what the last one did must be out of sight.
                tell("waiting until the last release is out of the metrics' window of %d s ..."
                        .formatted(settings.window().toSeconds()));
                pause(settings.window());
            }
            long before =
                    measured.stream().filter(one -> one.release().equals(name)).count();
            measured.add(release(Release.of(name), (int) before));
        }
        return measured;
    }

    /// What didn't come out as it should; empty: all did.
    public List<String> complaints() {
        return List.copyOf(complaints);
    }

    private void start() throws InterruptedException {
        begun = now();
        tell("starting a Kubernetes cluster without containers: etcd, API server, node, Envoy, Prometheus ...");
        var cluster = PlaygroundProcess.start(settings.folder().resolve("playground"), settings.scrape());
        playground = cluster;
        tell("cluster is up: KUBECONFIG=" + cluster.kubeconfig());
        var client = Kube.of(cluster.kubeconfig());
        kube = client;
        apply(client, cluster);
        tell("starting the pipeline: Kafka, detector, router, analyzer, notifier ...");
        var running = Pipeline.start(pipelineSettings(cluster), this::tell);
        pipeline = running;
        follow(running);
        tell("waiting until the app is up and its canary initialized ...");
        awaitPhase(client, "Initialized", Duration.ofMinutes(2));
        startLoad(cluster);
        awaitServed(Duration.ofSeconds(20));
    }

    private void startLoad(PlaygroundProcess cluster) {
        load = LoadGenerator.start(
                cluster.program(),
                cluster.gateway(),
                NAME + ".example", // no Service: the route decides
                settings.perSecond(),
                settings.folder().resolve("playground"));
        tell("load: %d requests/s through Envoy at %s".formatted(settings.perSecond(), cluster.gateway()));
    }

    private Pipeline.Settings pipelineSettings(PlaygroundProcess cluster) {
        return new Pipeline.Settings(
                Programs.dist(),
                settings.folder().resolve("pipeline"),
                Optional.empty(),
                Optional.empty(),
                0,
                "aviary.",
                (short) -1,
                "demo",
                "gatewayapi:v1",
                cluster.prometheus(),
                Optional.empty(),
                // Each with the rights that k8s/base gives it, and no other.
                ServiceAccounts.kubeconfigs(
                        client(),
                        settings.folder().resolve("accounts"),
                        Programs.source().resolve("k8s/base")),
                Optional.of(cluster.hostsFile()),
                0,
                Map.of(
                        "detector",
                        Map.of("aviary.detector.lease-namespace", ServiceAccounts.NAMESPACE),
                        "notifier",
                        Map.of(
                                "aviary.notifier.webhook-url",
                                alerts.at("/webhook").toString())));
    }

    private void apply(KubernetesClient client, PlaygroundProcess cluster) {
        var folder = Programs.source().resolve("examples/sms-checker/manifests");
        var values = Map.of(
                "${INTERVAL}", settings.interval().toSeconds() + "s",
                "${WINDOW}", settings.window().toSeconds() + "s",
                "${PROMETHEUS_URL}", cluster.prometheus(),
                "${SLACK_URL}", alerts.at("/slack").toString(),
                "${EVENT_URL}", alerts.at("/events").toString());
        try (Stream<Path> files = Files.list(folder).sorted()) {
            for (var file : files.filter(one -> one.toString().endsWith(".yaml"))
                    .filter(one -> !one.getFileName().toString().equals("values.yaml"))
                    .toList()) {
                var text = Files.readString(file);
                for (var value : values.entrySet()) {
                    text = text.replace(value.getKey(), value.getValue());
                }
                for (var object : client.load(new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)))
                        .items()) {
                    switch (object) {
                        case HasMetadata canary when canary.getKind().equals("Canary") -> annotate(canary);
                        case Deployment app
                        when app.getMetadata().getName().equals(NAME) ->
                            app.getSpec().setReplicas(settings.replicas());
                        default -> {}
                    }
                    client.resource(object).fieldManager("demo").serverSideApply();
                }
            }
        } catch (IOException e) {
            throw new Problem("the demo's manifests can't be read from %s: %s".formatted(folder, e.getMessage()));
        }
    }

    private void annotate(HasMetadata canary) {
        var all = new TreeMap<>(
                Optional.ofNullable(canary.getMetadata().getAnnotations()).orElse(Map.of()));
        all.putAll(settings.annotations());
        canary.getMetadata().setAnnotations(all);
    }

    private void follow(Pipeline running) throws InterruptedException {
        follow(running, Topics.DEFAULT.measurements(), view::hear);
        follow(running, Topics.DEFAULT.rolloutEvents(), entry -> {
            heard.add(entry);
            view.hear(entry);
            Story.line(entry.logged().event())
                    .ifPresent(line -> tell(Colours.of(entry.logged().event(), line), entry.at()));
        });
        view.start();
    }

    private void follow(Pipeline running, String topic, Consumer<Entry> each) throws InterruptedException {
        var started = new CountDownLatch(1);
        Thread.ofVirtual()
                .name(topic)
                .start(() ->
                        new LogReader(running.log(), topic).since(Instant.EPOCH, () -> over, started::countDown, each));
        started.await();
    }

    /// @param before so many of its kind came before it
    private Measured release(Release release, int before) throws InterruptedException {
        // Of another name than the version that was promoted before it, else their answers look alike.
        var version = before == 0 ? release.image() : release.image() + "-" + (before + 1);
        tell(Colours.dim("----"));
        tell("release %s: %s %s".formatted(release.word(), version, release.what()));
        heard.clear();
        if (release == Release.NO_TRAFFIC) {
            generator().close();
            tell("load: none");
        }
        var written = now();
        write(release, version, written);
        var times = times(written, release);
        // Answers that were under way when the route went back count too.
        pause(Duration.ofSeconds(3));
        var phase = phase(client()).orElse("?");
        var requests = generator().between(written, now());
        var measured = Measured.of(release, version, written, times, phase, requests);
        judge(release, measured, times);
        return measured;
    }

    private void write(Release release, String version, Instant written) {
        client().apps()
                .deployments()
                .inNamespace(NAMESPACE)
                .withName(NAME)
                .edit(found -> new DeploymentBuilder(found)
                        .editSpec()
                        .editTemplate()
                        .editOrNewMetadata()
                        .addToAnnotations("example.com/written", written.toString()) // one and the same is no new one
                        .endMetadata()
                        .editSpec()
                        .editFirstContainer()
                        .withImage(NAME + ":" + release.image())
                        .withEnv(environment(
                                found.getSpec()
                                        .getTemplate()
                                        .getSpec()
                                        .getContainers()
                                        .getFirst()
                                        .getEnv(),
                                release,
                                version))
                        .endContainer()
                        .endSpec()
                        .endTemplate()
                        .endSpec()
                        .build());
    }

    private static List<EnvVar> environment(List<EnvVar> before, Release release, String version) {
        var defaults = Map.of("SLEEP_MS", "0", "NEVER_READY", "false", "ERROR_RATE", "0", "VERSION", version);
        return before.stream()
                .map(one -> {
                    var value =
                            release.setting(one.getName()).or(() -> Optional.ofNullable(defaults.get(one.getName())));
                    return value.map(text -> new EnvVarBuilder()
                                    .withName(one.getName())
                                    .withValue(text)
                                    .build())
                            .orElse(one);
                })
                .toList();
    }

    private Measured.Times times(Instant written, Release release) throws InterruptedException {
        var times = new Measured.Times();
        var deadline = written.plus(settings.interval().multipliedBy(8)).plusSeconds(120);
        boolean quiet = release == Release.NO_TRAFFIC;
        while (times.ended.isEmpty()) {
            // As long as would have taken it back for failed checks, and one interval more.
            var enough = settings.interval().multipliedBy(THRESHOLD + 1);
            if (quiet
                    && times.firstWeight
                            .filter(at -> now().isAfter(at.plus(enough)))
                            .isPresent()) {
                startLoad(java.util.Objects.requireNonNull(playground));
                quiet = false;
            }
            var entry = heard.poll(1, TimeUnit.SECONDS);
            if (entry == null) {
                if (now().isAfter(deadline)) {
                    complaints.add("%s: no end within %d s"
                            .formatted(
                                    release.word(),
                                    Duration.between(written, deadline).toSeconds()));
                    return times;
                }
                continue;
            }
            switch (entry.logged().event()) {
                case RevisionDetected _ -> times.detected = Optional.of(entry.at());
                case TrafficShifted shifted
                when shifted.canary().isAbove(Percent.ZERO) ->
                    times.firstWeight = times.firstWeight.or(() -> Optional.of(entry.at()));
                case TrafficShifted _
                when times.goingBack && times.reverted.isEmpty() -> times.reverted = Optional.of(entry.at());
                case RollbackStarted back -> {
                    times.goingBack = true;
                    times.why = Optional.of(String.join("; ", back.reasons()));
                }
                case CheckCompleted check when check.verdict() == Verdict.INCONCLUSIVE -> times.inconclusive++;
                case RolledBack _, Promoted _, PromotionFailed _ -> times.ended = Optional.of(entry.at());
                default -> {}
            }
        }
        return times;
    }

    private void judge(Release release, Measured measured, Measured.Times times) throws InterruptedException {
        expect(
                release,
                measured.endedPhase().equals(release.endsAs()),
                "ended as %s instead of %s".formatted(measured.endedPhase(), release.endsAs()));
        switch (release) {
            case SLOW -> {
                long limit = settings.interval().multipliedBy(THRESHOLD).toMillis() + 2_000;
                expect(release, measured.requestsToCanary() > 0, "the canary never had a request");
                expect(
                        release,
                        measured.exposureMs() != null && measured.exposureMs() <= limit,
                        "exposure %s ms, at most %d".formatted(measured.exposureMs(), limit));
                expect(
                        release,
                        within(Duration.ofSeconds(5), () -> alerts.slackFailures() > 0),
                        "no alert came to Slack");
                expect(
                        release,
                        within(Duration.ofSeconds(5), () -> alerts.webhookMessages() > 0),
                        "no alert came to the webhook");
                expect(release, alerts.wrong().isEmpty(), "alerts with a wrong payload: " + alerts.wrong());
            }
            case GOOD ->
                expect(release, measured.requestsFailed() == 0, measured.requestsFailed() + " requests failed");
            case NO_TRAFFIC, UNSEEN -> {
                expect(release, measured.requestsFailed() == 0, measured.requestsFailed() + " requests failed");
                expect(release, times.inconclusive > 0, "each check had an answer: nothing was shown");
            }
            case BROKEN -> {
                expect(release, measured.requestsToCanary() == 0, measured.requestsToCanary() + " requests went to it");
                expect(release, times.why.filter(why -> why.contains("ready")).isPresent(), "no reason was given");
            }
        }
    }

    private void expect(Release release, boolean holds, String complaint) {
        if (!holds) {
            complaints.add(release.word() + ": " + complaint);
        }
    }

    private void awaitPhase(KubernetesClient client, String phase, Duration patience) throws InterruptedException {
        if (!within(patience, () -> phase(client).filter(phase::equals).isPresent())) {
            throw new Problem("Canary %s/%s isn't %s after %d s but %s; the services' words: %s"
                    .formatted(
                            NAMESPACE,
                            NAME,
                            phase,
                            patience.toSeconds(),
                            phase(client).orElse("without a phase"),
                            settings.folder().resolve("pipeline/logs")));
        }
    }

    private void awaitServed(Duration patience) throws InterruptedException {
        Predicate<Measured.Request> served = request -> !request.failed();
        if (!within(
                patience,
                () -> generator().between(now().minusSeconds(2), now()).stream()
                                .filter(served)
                                .count()
                        > settings.perSecond())) {
            throw new Problem("the app doesn't answer through the gateway; see " + settings.folder());
        }
    }

    private static Optional<String> phase(KubernetesClient client) {
        return Optional.ofNullable(client.resources(Canary.class)
                        .inNamespace(NAMESPACE)
                        .withName(NAME)
                        .get())
                .map(Canary::getStatus)
                .map(status -> status.phase());
    }

    private static boolean within(Duration patience, java.util.function.BooleanSupplier holds)
            throws InterruptedException {
        long deadline = System.nanoTime() + patience.toNanos();
        while (!holds.getAsBoolean()) {
            if (System.nanoTime() > deadline) {
                return false;
            }
            pause(Duration.ofMillis(100));
        }
        return true;
    }

    private static void pause(Duration duration) throws InterruptedException {
        TimeUnit.MILLISECONDS.sleep(duration.toMillis());
    }

    private KubernetesClient client() {
        return java.util.Objects.requireNonNull(kube);
    }

    private LoadGenerator generator() {
        return java.util.Objects.requireNonNull(load);
    }

    private static Instant now() {
        return Instant.ofEpochMilli(System.currentTimeMillis());
    }

    private void tell(String line) {
        tell(line, now());
    }

    private void tell(String line, Instant at) {
        if (line.equals(told)) {
            return;
        }
        told = line;
        screen.tell("%7.1f s  %s".formatted(Duration.between(begun, at).toMillis() / 1000.0, line));
    }

    @Override
    public void close() {
        over = true;
        if (load != null) {
            load.close();
        }
        if (pipeline != null) {
            pipeline.close();
        }
        if (kube != null) {
            kube.close();
        }
        if (playground != null) {
            playground.close();
        }
        alerts.close();
    }
}
