package dev.aviary.examples.smschecker;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.Map;
import org.junit.jupiter.api.Test;

/// A real k6 and the running app.
class LoadIT {
    private static final Tool K6 = Tool.named("k6");

    @Test
    void k6AsksForBothPagesAtTheGivenRate() throws IOException, InterruptedException {
        try (var app = SmsChecker.start(Settings.from(Map.of("PORT", "0")), Thread::sleep);
                var client = HttpClient.newHttpClient()) {
            String target = "http://127.0.0.1:" + app.address().getPort();

            var ended = K6.run(
                    Map.of("TARGET", target, "RATE", "50", "DURATION", "2s"),
                    "run",
                    "--quiet",
                    "--no-usage-report",
                    Tool.HERE.resolve("chart/files/load.js").toString());

            assertThat(ended.status()).as(ended.text()).isZero();
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
