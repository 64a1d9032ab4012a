package dev.aviary.playground;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// A running playground; closing it ends every process of it, and so does the end of this JVM, however it ends.
///
/// What it runs is built at the first start into the cache folder by `playground/build.sh` of this repository.
public final class Playground implements AutoCloseable {
    private static @Nullable Playground shared;

    private final Path dir;
    private final boolean temporary;
    private final Process supervisor;
    private final Ready ready;
    private final Thread atExit;

    private Playground(Path dir, boolean temporary, Process supervisor, Ready ready) {
        this.dir = dir;
        this.temporary = temporary;
        this.supervisor = supervisor;
        this.ready = ready;
        this.atExit = new Thread(this::end, "playground-end");
        Runtime.getRuntime().addShutdownHook(atExit);
    }

    /// An API server with Gateway API's and Istio's CRDs, nothing else: up in a few seconds.
    public static Playground minimal() {
        return start(PlaygroundOptions.apiServer());
    }

    /// The minimal playground that all tests of this JVM share; it lives as long as the JVM. Take a namespace each.
    public static synchronized Playground shared() {
        var running = shared;
        if (running == null || !running.supervisor.isAlive()) {
            running = minimal();
            shared = running;
        }
        return running;
    }

    /// Returns when everything in it is ready.
    ///
    /// @throws IllegalStateException if it can't be built or doesn't start, in its own words
    public static Playground start(PlaygroundOptions options) {
        try {
            var program = program(options.minimal());
            var dir = options.dir().isPresent()
                    ? Files.createDirectories(options.dir().get().toAbsolutePath())
                    : Files.createTempDirectory("playground");
            var command = new ArrayList<>(List.of(program.toString()));
            command.addAll(options.arguments(dir));
            var said = dir.resolve("supervisor.log");
            Files.deleteIfExists(dir.resolve("ready.json"));
            // It ends itself when its standard input closes: so it never outlives us, even if we are killed.
            command.add("--until-eof");
            var process = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(said.toFile())
                    .start();
            return new Playground(dir, options.dir().isEmpty(), process, awaitReady(process, dir, said));
        } catch (IOException e) {
            throw new UncheckedIOException("the playground didn't start", e);
        }
    }

    private static Ready awaitReady(Process process, Path dir, Path said) throws IOException {
        var file = dir.resolve("ready.json");
        while (!Files.exists(file)) {
            if (ended(process)) {
                throw new IllegalStateException("the playground in " + dir + " ended with status " + process.exitValue()
                        + " before it was ready: " + Files.readString(said));
            }
        }
        return Ready.parse(Files.readString(file));
    }

    private static boolean ended(Process process) {
        try {
            return process.waitFor(20, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            process.destroy();
            throw new IllegalStateException("interrupted while the playground started", e);
        }
    }

    private static Path program(boolean minimal) throws IOException {
        var script = repository().resolve("playground").resolve("build.sh");
        var command = new ArrayList<>(List.of("bash", script.toString(), "--only", "playground"));
        if (!minimal) {
            command.addAll(List.of("--only", "prometheus", "--only", "envoy"));
        }
        var build = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        build.getOutputStream().close();
        var lines = new String(build.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (await(build) != 0) {
            throw new IllegalStateException(
                    "the playground could not be built; " + script + " said why on standard error");
        }
        return lines.lines()
                .filter(line -> line.startsWith("playground="))
                .map(line -> Path.of(line.substring("playground=".length())))
                .findFirst()
                .orElseThrow(() -> new IllegalStateException(script + " didn't say where the playground is: " + lines));
    }

    private static Path repository() {
        return Stream.iterate(
                        Optional.of(Path.of("").toAbsolutePath()),
                        Optional::isPresent,
                        here -> here.map(Path::getParent))
                .flatMap(Optional::stream)
                .filter(folder -> Files.exists(folder.resolve("playground/build.sh")))
                .findFirst()
                .orElseThrow(() -> new IllegalStateException(
                        "no folder above " + Path.of("").toAbsolutePath() + " holds playground/build.sh"));
    }

    /// The folder of everything that belongs to it; `logs/` holds a file for each part.
    public Path dir() {
        return dir;
    }

    /// A kubeconfig of an administrator.
    public Path kubeconfig() {
        return Path.of(ready.text("kubeconfig"));
    }

    /// The API server.
    public URI url() {
        return URI.create(ready.text("apiServer"));
    }

    /// The administrator's bearer token.
    public String token() {
        return ready.text("token");
    }

    /// PEM file of the authority that signed the API server's certificate.
    public Path certificateAuthority() {
        return Path.of(ready.text("ca"));
    }

    public URI prometheusUrl() {
        return URI.create(ready.text("prometheusUrl"));
    }

    /// Where requests enter; the `Host` header says to which route.
    public URI gatewayUrl() {
        return URI.create(ready.text("gatewayUrl"));
    }

    /// Services' names and their addresses, for `-Djdk.net.hosts.file`.
    public Path hostsFile() {
        return Path.of(ready.text("hostsFile"));
    }

    /// The folder that holds a JSON file for each image repository; read anew whenever a container starts.
    public Path images() {
        return Path.of(ready.text("images"));
    }

    /// The process id of a part, such as `kube-apiserver`; a part that is killed is started again with a new one.
    public long pid(String part) {
        try {
            return Long.parseLong(
                    Ready.parse(Files.readString(dir.resolve("ready.json"))).text(part));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// Runs kubectl as the administrator.
    ///
    /// @return what it printed
    /// @throws IllegalStateException with what it said, if its status isn't 0
    public String kubectl(String... arguments) {
        return kubectlWithInput("", arguments);
    }

    /// Applies YAML or JSON objects.
    public String apply(String objects) {
        return kubectlWithInput(objects, "apply", "--server-side", "--force-conflicts", "-f", "-");
    }

    /// Runs kubectl with something on its standard input.
    public String kubectlWithInput(String input, String... arguments) {
        var command = new ArrayList<>(List.of(ready.text("playground"), "kubectl"));
        command.addAll(List.of(arguments));
        var builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().put("KUBECONFIG", kubeconfig().toString());
        try {
            var process = builder.start();
            try (var in = process.getOutputStream()) {
                in.write(input.getBytes(StandardCharsets.UTF_8));
            }
            var said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (await(process) != 0) {
                throw new IllegalStateException("kubectl " + String.join(" ", arguments) + ": " + said);
            }
            return said;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// A token of a ServiceAccount, which is made if it isn't there; so is its namespace.
    public String serviceAccountToken(String namespace, String name) {
        apply("""
                {"apiVersion": "v1", "kind": "List", "items": [
                  {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "%1$s"}},
                  {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "%2$s", "namespace": "%1$s"}}]}
                """.formatted(namespace, name));
        return kubectl("create", "token", name, "--namespace", namespace, "--duration", "24h")
                .strip();
    }

    /// Writes a kubeconfig with another token, such as a ServiceAccount's.
    public Path kubeconfigWith(String bearerToken, String name) {
        try {
            var other = Files.readString(kubeconfig()).replace(token(), bearerToken);
            return Files.writeString(dir.resolve(name + ".kubeconfig"), other);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// Ends all of its processes, and removes its folder if it is a temporary one.
    @Override
    public void close() {
        end();
        try {
            Runtime.getRuntime().removeShutdownHook(atExit);
        } catch (IllegalStateException _) {
            return; // the JVM ends already, and the hook has done or will do the same
        }
    }

    private void end() {
        supervisor.destroy();
        await(supervisor);
        if (temporary) {
            delete(dir);
        }
    }

    private static int await(Process process) {
        try {
            return process.waitFor();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            process.destroyForcibly();
            throw new IllegalStateException("interrupted", e);
        }
    }

    private static void delete(Path folder) {
        try (var all = Files.walk(folder)) {
            for (var path : all.sorted(java.util.Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(path);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
