package dev.aviary.cli.demo;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.aviary.cli.Problem;
import dev.aviary.eventlog.codec.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// The playground's open-loop generator, under way for the whole demo; its file has every request.
public final class LoadGenerator implements AutoCloseable {
    private final Process process;
    private final Path file;

    private LoadGenerator(Process process, Path file) {
        this.process = process;
        this.file = file;
    }

    public static LoadGenerator start(Path program, String gateway, String host, int perSecond, Path folder) {
        var file = folder.resolve("requests.ndjson");
        try {
            var process = new ProcessBuilder(
                            program.toString(),
                            "load",
                            "--url",
                            gateway + "/sms?sms=You+have+won+a+prize,+call+now",
                            "--host",
                            host,
                            "--rate",
                            Integer.toString(perSecond),
                            "--duration",
                            "30m",
                            "--timeout",
                            "10s",
                            "--out",
                            file.toString())
                    .redirectErrorStream(true)
                    .redirectOutput(folder.resolve("logs").resolve("load.log").toFile())
                    .start();
            return new LoadGenerator(process, file);
        } catch (IOException e) {
            throw new Problem("the load generator couldn't be started: " + e.getMessage());
        }
    }

    /// Those that were due in this time and have ended.
    public List<Measured.Request> between(Instant from, Instant to) {
        var found = new ArrayList<Measured.Request>();
        if (!Files.exists(file)) {
            return found; // it is just starting
        }
        long first = from.toEpochMilli() * 1000;
        long last = to.toEpochMilli() * 1000;
        try (var lines = Files.lines(file)) {
            lines.filter(line -> line.endsWith("}")).forEach(line -> {
                var request = request(line);
                if (request.startMicros() >= first && request.startMicros() < last) {
                    found.add(request);
                }
            });
            return found;
        } catch (IOException e) {
            throw new Problem("what the load generator wrote can't be read: " + e.getMessage());
        }
    }

    private static Measured.Request request(String line) {
        try {
            var json = Json.mapper().readTree(line);
            return new Measured.Request(
                    json.path("at").asLong(),
                    json.path("us").asLong(),
                    json.path("status").asInt(),
                    json.path("version").asText());
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("not a request: " + line, e);
        }
    }

    boolean isAlive() {
        return process.isAlive();
    }

    @Override
    public void close() {
        process.destroy();
        try {
            if (!process.waitFor(12, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
