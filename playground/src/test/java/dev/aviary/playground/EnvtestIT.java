package dev.aviary.playground;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `--cluster envtest` takes etcd and the API server from `KUBEBUILDER_ASSETS`. None are fetched here: scripts of these
/// names note how they were called and lead to the built-in ones.
class EnvtestIT {
    private static final String ETCD = """
            #!/bin/sh
            echo "$@" > "$0.called"
            for argument; do
                case $argument in
                    --data-dir=*) data=$argument ;;
                    --listen-client-urls=*) clients=--listen-client-url=${argument#*=} ;;
                    --listen-peer-urls=*) peers=--listen-peer-url=${argument#*=} ;;
                esac
            done
            exec %s etcd "$data" "$clients" "$peers"
            """;

    private static final String API_SERVER = """
            #!/bin/sh
            echo "$@" > "$0.called"
            exec %s kube-apiserver "$@"
            """;

    @TempDir
    Path folder;

    @Test
    void theControlPlaneIsThatOfTheFolder() throws Exception {
        var program = program();
        var assets = Files.createDirectories(folder.resolve("assets"));
        script(assets.resolve("etcd"), ETCD.formatted(program));
        script(assets.resolve("kube-apiserver"), API_SERVER.formatted(program));

        var playground = start(program, assets);
        try {
            var ready = awaitReady(playground);
            assertThat(said(program, "kubectl", "--kubeconfig", ready.text("kubeconfig"), "get", "namespaces"))
                    .contains("kube-system");
            assertThat(assets.resolve("etcd.called")).content().contains("--listen-client-urls=", "--unsafe-no-fsync");
            assertThat(assets.resolve("kube-apiserver.called")).content().contains("--etcd-servers=");
        } finally {
            playground.getOutputStream().close(); // its standard input: it ends
            assertThat(playground.waitFor(30, TimeUnit.SECONDS)).isTrue();
        }
    }

    @Test
    void aFolderWithoutThemIsSaidInASentence() throws Exception {
        var playground = start(program(), Files.createDirectories(folder.resolve("empty")));

        assertThat(playground.waitFor(30, TimeUnit.SECONDS)).isTrue();
        assertThat(playground.exitValue()).isNotZero();
        assertThat(folder.resolve("said"))
                .content()
                .contains("--cluster envtest: KUBEBUILDER_ASSETS holds no ")
                .hasLineCount(1);
    }

    private Process start(Path program, Path assets) throws IOException {
        var command = new ArrayList<>(List.of(program.toString()));
        command.addAll(PlaygroundOptions.apiServer().withCluster("envtest").arguments(folder.resolve("playground")));
        command.add("--until-eof");
        var builder = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("said").toFile());
        builder.environment().put("KUBEBUILDER_ASSETS", assets.toString());
        return builder.start();
    }

    private Ready awaitReady(Process playground) throws Exception {
        var file = folder.resolve("playground/ready.json");
        PlaygroundIT.eventually("it is ready or has ended", () -> Files.exists(file) || !playground.isAlive());
        assertThat(file).as(Files.readString(folder.resolve("said"))).exists();
        return Ready.parse(Files.readString(file));
    }

    private static Path program() throws IOException {
        var ready = Playground.shared().dir().resolve("ready.json");
        return Path.of(Ready.parse(Files.readString(ready)).text("playground"));
    }

    private static void script(Path file, String text) throws IOException {
        Files.writeString(file, text);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    private static String said(Path program, String... arguments) throws IOException {
        var command = new ArrayList<>(List.of(program.toString()));
        command.addAll(List.of(arguments));
        var process = new ProcessBuilder(command).redirectErrorStream(true).start();
        return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }
}
