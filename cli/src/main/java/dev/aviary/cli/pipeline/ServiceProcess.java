package dev.aviary.cli.pipeline;

import dev.aviary.cli.Problem;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/// One service; it is started again when it ends by itself, as a cluster would do.
public final class ServiceProcess {
    private static final Duration FIRST_PAUSE = Duration.ofMillis(200);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(10);
    private static final Duration RAN_WELL = Duration.ofSeconds(30);
    private static final Duration PATIENCE = Duration.ofSeconds(15);
    private static final HttpClient HTTP =
            HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(1)).build();

    private final String name;
    private final int port;
    private final List<String> command;
    private final Map<String, String> environment;
    private final Path logFile;
    private final Duration patience;
    private final Consumer<String> say;
    private volatile Process process;
    private volatile boolean ending;
    private volatile boolean wasReady;

    private ServiceProcess(
            String name,
            int port,
            List<String> command,
            Map<String, String> environment,
            Path logFile,
            Duration patience,
            Consumer<String> say) {
        this.name = name;
        this.port = port;
        this.command = command;
        this.environment = environment;
        this.logFile = logFile;
        this.patience = patience;
        this.say = say;
        this.process = launch();
        watch();
    }

    /// @param training to keep what its JVM learned, which takes it a while when it ends
    static ServiceProcess start(
            String name,
            int port,
            Pipeline.Settings settings,
            Map<String, String> properties,
            boolean training,
            Consumer<String> say) {
        var command = new ArrayList<String>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of(
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-Xmx256m",
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "-Dquarkus.otel.sdk.disabled=true",
                "-Dquarkus.banner.enabled=false",
                "-Dquarkus.log.category.\"org.apache.kafka\".level=WARN",
                "-Dquarkus.http.host=127.0.0.1",
                "-Dquarkus.http.port=" + port));
        var folder = settings.dist().resolve(name);
        Training.flag(folder, training).ifPresent(command::add);
        settings.hostsFile().ifPresent(hosts -> command.add("-Djdk.net.hosts.file=" + hosts));
        properties.forEach((key, value) -> command.add("-D%s=%s".formatted(key, value)));
        command.add("-jar");
        command.add(folder.resolve("quarkus-run.jar").toString());
        var kubeconfig = Optional.ofNullable(settings.kubeconfigs().get(name))
                .or(() -> Optional.ofNullable(settings.kubeconfigs().get("")));
        return new ServiceProcess(
                name,
                port,
                command,
                kubeconfig.map(file -> Map.of("KUBECONFIG", file.toString())).orElse(Map.of()),
                Pipeline.logFile(settings.data(), name),
                training ? Training.PATIENCE : PATIENCE,
                say);
    }

    private Process launch() {
        try {
            var builder = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.appendTo(logFile.toFile()));
            builder.environment().putAll(environment);
            return Launcher.start(builder);
        } catch (IOException e) {
            throw new Problem("%s couldn't be started: %s.".formatted(name, e.getMessage()));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new Problem("interrupted while %s was started.".formatted(name));
        }
    }

    private void watch() {
        Thread.ofVirtual().name(name + "-watch").start(() -> {
            var pause = Duration.ZERO;
            while (!ending) {
                long begin = System.nanoTime();
                int status = await(process);
                if (ending || (!wasReady && status == 1)) {
                    return; // awaitReady says why
                }
                say.accept(
                        "%s ended with status %d and is started again; its words: %s".formatted(name, status, logFile));
                pause = pause(pause, Duration.ofNanos(System.nanoTime() - begin));
                if (!paused(pause) || ending) {
                    return;
                }
                process = launch();
            }
        });
    }

    /// Before it is started again: none if it ran well, however often it was killed; else ever longer ones.
    ///
    /// @param last before its last start
    /// @param ran  how long it did since
    static Duration pause(Duration last, Duration ran) {
        if (ran.compareTo(RAN_WELL) >= 0) {
            return Duration.ZERO;
        }
        var next = last.isZero() ? FIRST_PAUSE : last.multipliedBy(2);
        return next.compareTo(LONGEST_PAUSE) > 0 ? LONGEST_PAUSE : next;
    }

    private static boolean paused(Duration pause) {
        try {
            TimeUnit.MILLISECONDS.sleep(pause.toMillis());
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private static int await(Process process) {
        try {
            return process.waitFor();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return -1;
        }
    }

    /// @throws Problem if it ended, with its last words, or isn't ready in time
    void awaitReady(Duration patience) {
        long deadline = System.nanoTime() + patience.toNanos();
        while (!isReady()) {
            if (ending) {
                throw stopped();
            }
            if (!process.isAlive() && process.exitValue() == 1) {
                throw new Problem("%s didn't start: %s".formatted(name, lastWords()));
            }
            if (System.nanoTime() > deadline) {
                throw new Problem("%s isn't ready after %d s: %s (%s)"
                        .formatted(name, patience.toSeconds(), lastWords(), logFile));
            }
            if (!paused(Duration.ofMillis(50))) {
                throw new Problem("interrupted while " + name + " started.");
            }
        }
        wasReady = true;
    }

    static Problem stopped() {
        return new Problem("stopped before all services were ready.");
    }

    /// As its health endpoint says.
    public boolean isReady() {
        var request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:%d/q/health/ready".formatted(port)))
                .timeout(Duration.ofSeconds(2))
                .build();
        try {
            return HTTP.send(request, BodyHandlers.discarding()).statusCode() == 200;
        } catch (IOException e) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private String lastWords() {
        try {
            var lines = Files.readAllLines(logFile);
            return lines.reversed().stream()
                    .filter(line -> !line.isBlank() && !line.startsWith("\tat "))
                    .findFirst()
                    .orElse("it said nothing");
        } catch (IOException e) {
            return "its words can't be read from " + logFile;
        }
    }

    /// Ends it the hard way, as a crash would: it is started again.
    public void kill() {
        process.destroyForcibly();
    }

    public String name() {
        return name;
    }

    public int port() {
        return port;
    }

    public long pid() {
        return process.pid();
    }

    public Path logFile() {
        return logFile;
    }

    void end() {
        ending = true;
        process.destroy();
    }

    void awaitEnd() {
        try {
            if (!process.waitFor(patience)) {
                process.descendants().forEach(ProcessHandle::destroyForcibly);
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
