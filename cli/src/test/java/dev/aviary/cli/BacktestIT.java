package dev.aviary.cli;

import static dev.aviary.cli.backtest.Releases.label;
import static dev.aviary.cli.backtest.Releases.release;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.aviary.eventlog.LoggedEvent;
import dev.aviary.eventlog.codec.CanaryKeySerde.CanaryKeySerializer;
import dev.aviary.eventlog.codec.EventSerde.EventSerializer;
import dev.aviary.eventlog.streams.EmbeddedBroker;
import dev.aviary.eventlog.topics.History;
import dev.aviary.eventlog.topics.LogConnection;
import dev.aviary.eventlog.topics.Topics;
import dev.aviary.events.CanaryKey;
import dev.aviary.events.RolloutLabelled.Outcome;
import java.io.File;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The program as it is started, on its own class path, against a real broker.
class BacktestIT {
    private static final CanaryKey CHECKOUT = new CanaryKey("eu", "shop", "checkout");

    private static EmbeddedBroker broker;
    private static LogConnection log;

    @TempDir
    private Path folder;

    private record Ran(int status, String out, String err) {}

    @BeforeAll
    static void aLogOfThreeReleases(@TempDir Path data) throws Exception {
        broker = EmbeddedBroker.start(data, 0);
        log = LogConnection.to(broker.bootstrapServers());
        try (var admin = log.admin()) {
            Topics.DEFAULT.ensure(admin, (short) 1);
        }
        try (var producer = log.producer(new CanaryKeySerializer(), new EventSerializer())) {
            assertThat(producer.partitionsFor(Topics.DEFAULT.rolloutEvents()))
                    .isNotEmpty(); // the first send takes no longer than the others
            write(producer, release(1, 0, Instant.now()));
            write(producer, release(2, 3, Instant.now()));
            write(producer, List.of(label(1, Outcome.GOOD), label(2, Outcome.BAD)));
            write(producer, release(3, 0, Instant.now()));
        }
    }

    private static void write(Producer<CanaryKey, LoggedEvent> producer, List<LoggedEvent> said) throws Exception {
        for (var logged : said) {
            producer.send(new ProducerRecord<>(Topics.DEFAULT.rolloutEvents(), CHECKOUT, logged))
                    .get();
        }
    }

    @AfterAll
    static void stop() throws Exception {
        broker.close();
    }

    @Test
    void aChangedPolicyIsRunOverEveryRolloutOfTheLog() throws Exception {
        var before = records();

        var ran = backtest("guard: {mode: bound}");

        assertThat(ran).as("%s", ran).returns(0, Ran::status);
        assertThat(ran.out())
                .contains("3 rollouts: 2 the same, 1 otherwise, 0 not known")
                .containsPattern("eu/shop/checkout +2 .* bad +promoted after 11.0 s +rolled back after 2.0 s")
                .containsPattern("recall of the bad ones +0.0 % +100.0 %");
        assertThat(records()).isEqualTo(before);
    }

    @Test
    void machinesGetAnObjectALine() throws Exception {
        var ran = backtest("guard: {mode: bound}", "--json", "--changed", "shop/checkout");

        assertThat(ran.out().lines().toList())
                .satisfiesExactly(
                        row -> assertThat(row)
                                .contains(
                                        "\"comparison\":\"otherwise\"",
                                        "\"label\":\"bad\"",
                                        "\"kind\":\"rolled-back\""),
                        summary -> assertThat(summary).contains("\"rollouts\":3", "\"not-known\":0", "\"recall\":1.0"));
    }

    @Test
    void whatMakesNoSenseIsSaidInOneSentence() throws Exception {
        assertThat(backtest("threshold: 0").err())
                .contains("policy.yaml: threshold is \"0\"; it must be a whole number from 1.");
        assertThat(backtest("metrics: {request-succes-rate: {min: 99}}").err())
                .contains("none of these rollouts has a metric \"request-succes-rate\"; they have:"
                        + " request-success-rate.");
        assertThat(backtest("threshold: 1", "shop/cart").err())
                .isEqualToIgnoringNewLines("aviary: the log has no rollout of shop/cart.");
        assertThat(backtest("threshold: 1", "--since", "yesterday").err()).contains("--since is \"yesterday\"");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "io.fabric8.kubernetes.client.KubernetesClient",
                "io.vertx.core.Vertx",
                "okhttp3.OkHttpClient",
                "dev.aviary.playground.Playground",
                "dev.aviary.router.traffic.FencedWriter",
                "dev.aviary.analyzer.collect.Collector",
                "dev.aviary.notifier.channel.AlertChannel"
            })
    void nothingIsThereByWhichItCouldActOnAClusterOrTellAnyone(String port) throws Exception {
        var urls = new ArrayList<URL>();
        for (var path : classPath()) {
            urls.add(path.toUri().toURL());
        }
        try (var loader = new URLClassLoader(urls.toArray(URL[]::new), ClassLoader.getPlatformClassLoader())) {
            assertThat(Class.forName(BacktestCommand.class.getName(), false, loader))
                    .isNotNull();
            assertThatThrownBy(() -> Class.forName(port, false, loader)).isInstanceOf(ClassNotFoundException.class);
        }
    }

    @Test
    void withKubernetesBesideItItDoesntStart() throws Exception {
        var ran = ran(System.getProperty("java.class.path"), "guard: {mode: bound}");

        assertThat(ran.status()).isEqualTo(1);
        assertThat(ran.err()).contains("start it as `./aviary backtest`. Nothing was read.");
    }

    private Ran backtest(String policy, String... arguments) throws Exception {
        return ran(
                String.join(
                        File.pathSeparator,
                        classPath().stream().map(Path::toString).toList()),
                policy,
                arguments);
    }

    private Ran ran(String classPath, String policy, String... arguments) throws Exception {
        var file = Files.writeString(folder.resolve("policy.yaml"), policy);
        var command = Stream.concat(
                        Stream.of(
                                ProcessHandle.current().info().command().orElseThrow(),
                                "-Dslf4j.internal.verbosity=ERROR",
                                "-cp",
                                classPath,
                                BacktestCommand.class.getName(),
                                "--kafka",
                                broker.bootstrapServers(),
                                "--policy",
                                file.toString()),
                        Stream.of(arguments))
                .toList();
        var err = folder.resolve("err");
        var process = new ProcessBuilder(command).redirectError(err.toFile()).start();
        var out = new String(process.getInputStream().readAllBytes(), UTF_8);
        return new Ran(process.waitFor(), out, Files.readString(err));
    }

    /// As `./aviary` has it: the program, and the libraries that Maven lays beside it for a backtest.
    private static List<Path> classPath() throws Exception {
        try (var libraries = Files.list(Path.of("target", "lib-backtest"))) {
            return Stream.concat(Stream.of(Path.of("target", "classes")), libraries.sorted())
                    .map(Path::toAbsolutePath)
                    .toList();
        }
    }

    private static long records() {
        try (var all = History.ofAll(log, Topics.DEFAULT.rolloutEvents())) {
            return all.count();
        }
    }
}
