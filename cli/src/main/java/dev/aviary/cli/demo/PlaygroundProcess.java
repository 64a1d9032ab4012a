package dev.aviary.cli.demo;

import com.fasterxml.jackson.databind.JsonNode;
import dev.aviary.cli.Problem;
import dev.aviary.cli.Programs;
import dev.aviary.eventlog.codec.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// The playground of this demo; it ends with us, whatever happens.
public final class PlaygroundProcess implements AutoCloseable {
    private final Process process;
    private final JsonNode ready;

    private PlaygroundProcess(Process process, JsonNode ready) {
        this.process = process;
        this.ready = ready;
    }

    public static PlaygroundProcess start(Path folder, Duration scrape) {
        var program = Programs.playground();
        var said = folder.resolve("playground.log");
        try {
            Programs.writeImages(Files.createDirectories(folder.resolve("images")));
            Files.deleteIfExists(folder.resolve("ready.json"));
            var process = new ProcessBuilder(List.of(
                            program.toString(),
                            "up",
                            "--dir",
                            folder.toString(),
                            "--fresh",
                            "--scrape",
                            scrape.toSeconds() + "s",
                            "--crds",
                            Programs.source().resolve("k8s/crds").toString(),
                            "--until-eof"))
                    .redirectErrorStream(true)
                    .redirectOutput(said.toFile())
                    .start();
            return new PlaygroundProcess(process, awaitReady(process, folder, said));
        } catch (IOException e) {
            throw new Problem("the playground couldn't be started: " + e.getMessage());
        }
    }

    private static JsonNode awaitReady(Process process, Path folder, Path said) throws IOException {
        var file = folder.resolve("ready.json");
        while (!Files.exists(file)) {
            if (ended(process)) {
                throw new Problem("the playground didn't start: " + Files.readString(said));
            }
        }
        return Json.mapper().readTree(Files.readString(file));
    }

    private static boolean ended(Process process) {
        try {
            return process.waitFor(50, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return true;
        }
    }

    public Path kubeconfig() {
        return Path.of(ready.path("kubeconfig").asText());
    }

    public Path hostsFile() {
        return Path.of(ready.path("hostsFile").asText());
    }

    public String prometheus() {
        return ready.path("prometheusUrl").asText();
    }

    String gateway() {
        return ready.path("gatewayUrl").asText();
    }

    Path program() {
        return Path.of(ready.path("playground").asText());
    }

    @Override
    public void close() {
        process.destroy();
        try {
            if (!process.waitFor(30, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
