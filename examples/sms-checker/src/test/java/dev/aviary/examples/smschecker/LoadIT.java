package dev.aviary.examples.smschecker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// The chart's script in a real k6, against the running app. k6 is under the AGPL, so nothing here builds or fetches
/// it:
/// it runs where somebody has installed it, and is reported as skipped elsewhere.
class LoadIT {
    @Test
    void k6AsksForBothPagesAtTheGivenRate() throws IOException, InterruptedException {
        var k6 = Stream.of(System.getenv("PATH").split(":"))
                .map(folder -> Path.of(folder, "k6"))
                .filter(Files::isExecutable)
                .findFirst();
        assumeTrue(k6.isPresent(), "no k6 on the PATH");

        try (var app = SmsChecker.start(Settings.from(Map.of("PORT", "0")), Thread::sleep);
                var client = HttpClient.newHttpClient()) {
            String target = "http://127.0.0.1:" + app.address().getPort();

            var command = new ProcessBuilder(
                            k6.orElseThrow().toString(), "run", "--quiet", "--no-usage-report", "chart/files/load.js")
                    .inheritIO();
            command.environment().putAll(Map.of("TARGET", target, "RATE", "50", "DURATION", "2s"));

            assertThat(command.start().waitFor()).isZero();
            var metrics = client.send(
                            HttpRequest.newBuilder(URI.create(target + "/metrics"))
                                    .build(),
                            BodyHandlers.ofString())
                    .body();
            assertThat(count(metrics, "index_requests_total{status=\"200\"}")).isBetween(95.0, 105.0);
            assertThat(count(metrics, "index_requests_total{status=\"500\"}")).isZero();
            assertThat(count(metrics, "prediction_latency_seconds_count")).isBetween(35.0, 65.0);
        }
    }

    private static double count(String metrics, String series) {
        return metrics.lines()
                .filter(line -> line.startsWith(series + " "))
                .mapToDouble(line -> Double.parseDouble(line.substring(series.length())))
                .sum();
    }
}
