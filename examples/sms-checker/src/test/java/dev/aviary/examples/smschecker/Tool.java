package dev.aviary.examples.smschecker;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/// A real helm or k6, built on demand into the cache folder.
final class Tool {
    static final Path HERE = here();

    private final Path program;

    private Tool(Path program) {
        this.program = program;
    }

    static Tool named(String part) {
        String said = run(
                        List.of(
                                "bash",
                                HERE.resolve("../../playground/build.sh").toString(),
                                "--only",
                                part),
                        Map.of())
                .text();
        return said.lines()
                .filter(line -> line.startsWith(part + "="))
                .map(line -> new Tool(Path.of(line.substring(part.length() + 1))))
                .findFirst()
                .orElseThrow(() -> new AssertionError("build.sh did not say where " + part + " is: " + said));
    }

    String path() {
        return program.toString();
    }

    Ended run(Map<String, String> environment, String... arguments) {
        var command = new ArrayList<>(List.of(path()));
        command.addAll(List.of(arguments));
        return run(command, environment);
    }

    /// Its standard error goes where ours goes: a failing build is to be seen.
    static Ended run(List<String> command, Map<String, String> environment) {
        try {
            var builder = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT);
            builder.environment().putAll(environment);
            var process = builder.start();
            process.getOutputStream().close();
            String text = new String(process.getInputStream().readAllBytes(), UTF_8);
            if (!process.waitFor(10, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                throw new AssertionError("closed its output and did not end: " + command);
            }
            return new Ended(process.exitValue(), text);
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
            throw new AssertionError(stopped);
        }
    }

    private static Path here() {
        var folder = Path.of("").toAbsolutePath();
        if (!Files.exists(folder.resolve("chart/Chart.yaml"))) {
            throw new AssertionError(folder + " is not the folder of sms-checker");
        }
        return folder;
    }

    record Ended(int status, String text) {}
}
