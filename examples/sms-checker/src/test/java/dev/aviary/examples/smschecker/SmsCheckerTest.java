package dev.aviary.examples.smschecker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class SmsCheckerTest {
    private static final String SPAM = "Congratulations! You won a free prize, call now";

    private final HttpClient client =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final CountDownLatch wakeUp = new CountDownLatch(1);
    private final AtomicReference<Duration> slept = new AtomicReference<>();
    private SmsChecker app;

    @AfterEach
    void stop() {
        wakeUp.countDown();
        app.close();
        client.close();
    }

    @Test
    void theIndexIsAPageWithAForm() throws Exception {
        start(Map.of("VERSION", "v7"));

        var page = get("/");

        assertThat(page.statusCode()).isEqualTo(200);
        assertThat(page.body()).contains("<form method=\"post\" action=\"/sms\">", "Version v7");
    }

    @Test
    void whatItAsksItselfBeforehandIsNotCounted() throws Exception {
        WarmUp.run();
        start(Map.of());

        assertThat(get("/metrics").body()).contains("index_requests_total{status=\"200\"} 0.0");
    }

    @Test
    void aMessageIsReadHoweverItComes() throws Exception {
        start(Map.of());
        String encoded = URLEncoder.encode(SPAM, StandardCharsets.UTF_8);

        assertThat(post("text/plain", SPAM)).contains("{\"result\":\"spam\",\"probability\":0.9");
        assertThat(post("application/x-www-form-urlencoded; charset=utf-8", "x=1&sms=" + encoded))
                .contains("\"result\":\"spam\"");
        assertThat(post("application/json", "{\"a\":{\"sms\":[1]},\"sms\":\"" + SPAM + "\"}"))
                .contains("\"result\":\"spam\"", "\"classifier\":\"naive-bayes\"");
        assertThat(get("/sms?sms=" + encoded).body()).contains("\"result\":\"spam\"");
        assertThat(post("text/plain", "See you at lunch, I'll be late")).contains("\"result\":\"ham\"");
    }

    @Test
    void aBrowserSeesTheAnswerOnThePageAndNothingOfItRuns() throws Exception {
        start(Map.of());
        var form = request("/sms")
                .header("Accept", "text/html")
                .header("Content-Type", "application/x-www-form-urlencoded")
                .POST(BodyPublishers.ofString("sms=%3Cscript%3Efree+prize"));

        assertThat(client.send(form.build(), BodyHandlers.ofString()).body())
                .contains("<output>spam: ", "&lt;script&gt;free prize")
                .doesNotContain("<script>");
    }

    @Test
    void whatIsNoMessageIsRefusedWithItsReason() throws Exception {
        start(Map.of());

        assertThat(get("/sms").statusCode()).isEqualTo(400);
        assertThat(post("application/json", "{\"sms\":")).startsWith("No message: the body is no JSON");
        assertThat(post("application/json", "{\"sms\":1}")).contains("no object with a string \"sms\"");
        assertThat(post("text/plain", "x".repeat(SmsRequest.MOST_BYTES + 1))).contains("at most 65536 bytes");
        assertThat(get("/nothing").statusCode()).isEqualTo(404);
    }

    @Test
    void everyAnswerSaysVersionAndPod() throws Exception {
        start(Map.of("VERSION", "v2", "POD_NAME", "sms-checker-5d9f-x7k2p"));

        for (String path : new String[] {"/", "/sms?sms=hi", "/ready", "/metrics"}) {
            assertThat(get(path).headers().firstValue("x-app-version")).hasValue("v2");
            assertThat(get(path).headers().firstValue("x-pod")).hasValue("sms-checker-5d9f-x7k2p");
        }
    }

    @Test
    void onePodCanFallIllWhereTheVersionIsWell() throws Exception {
        start(Map.of());
        wakeUp.countDown();
        assertThat(get("/").statusCode()).isEqualTo(200);
        assertThat(slept.get()).isNull();

        assertThat(get("/ill").statusCode()).isEqualTo(400);
        assertThat(get("/ill?ms=2000").statusCode()).isEqualTo(200);

        assertThat(get("/").statusCode()).isEqualTo(200);
        assertThat(slept.get()).isEqualTo(Duration.ofSeconds(2));
    }

    @Test
    void aPageSleepsAndIsInFlightMeanwhileHealthAndMetricsDoNot() throws Exception {
        start(Map.of("SLEEP_MS", "2000"));
        CompletableFuture<HttpResponse<String>> sleeping =
                client.sendAsync(request("/").build(), BodyHandlers.ofString());

        await().untilAsserted(() -> assertThat(metric("ui_requests_in_flight")).isEqualTo(1));
        assertThat(get("/healthz").statusCode()).isEqualTo(200);
        assertThat(get("/ready").statusCode()).isEqualTo(200);
        assertThat(sleeping).isNotDone();
        assertThat(slept.get()).isEqualTo(Duration.ofSeconds(2));

        wakeUp.countDown();
        assertThat(sleeping.get(10, TimeUnit.SECONDS).statusCode()).isEqualTo(200);
        await().untilAsserted(() -> assertThat(metric("ui_requests_in_flight")).isZero());
    }

    @Test
    void metricsCountPagesAndNothingElse() throws Exception {
        start(Map.of());
        assertThat(metric("index_requests_total{status=\"200\"}")).isZero();
        assertThat(metric("index_requests_total{status=\"500\"}")).isZero();

        get("/");
        get("/sms?sms=hi");
        get("/ready");
        get("/healthz");
        get("/metrics");

        assertThat(metric("index_requests_total{status=\"200\"}")).isEqualTo(2);
        assertThat(metric("ui_request_duration_seconds_count")).isEqualTo(2);
        assertThat(metric("ui_request_duration_seconds_bucket{le=\"0.5\"}")).isEqualTo(2);
        assertThat(metric("http_request_duration_seconds_count{status=\"200\"}"))
                .isEqualTo(2);
        assertThat(metric("http_request_duration_seconds_bucket{status=\"200\",le=\"0.5\"}"))
                .isEqualTo(2);
        assertThat(metric("prediction_latency_seconds_count")).isEqualTo(1);
    }

    @Test
    void theErrorRateIsKeptInEveryFewHundredRequestsOnBothPages() throws Exception {
        start(Map.of("ERROR_RATE", "0.1"));
        var failed = new HashMap<String, Integer>();

        for (int i : IntStream.range(0, 400).toArray()) {
            String path = i % 2 == 0 ? "/" : "/sms?sms=hi";
            failed.merge(path, get(path).statusCode() == 500 ? 1 : 0, Integer::sum);
        }

        assertThat(failed.values()).allSatisfy(count -> assertThat(count).isBetween(17, 23)); // of 200
        assertThat(metric("index_requests_total{status=\"500\"}"))
                .isEqualTo(failed.values().stream().mapToInt(Integer::intValue).sum());
    }

    @Test
    void neverReadyIsAliveAndNotReady() throws Exception {
        start(Map.of("NEVER_READY", "true"));

        assertThat(get("/ready").statusCode()).isEqualTo(503);
        assertThat(get("/healthz").statusCode()).isEqualTo(200);
    }

    @Test
    void whoDrainsIsNotReadyAnswersOnAndFinishesWhatIsUnderWay() throws Exception {
        start(Map.of("SLEEP_MS", "2000"));
        var underWay = client.sendAsync(request("/").build(), BodyHandlers.ofString());
        await().untilAsserted(() -> assertThat(metric("ui_requests_in_flight")).isEqualTo(1));

        app.drain();
        assertThat(get("/ready").statusCode()).isEqualTo(503);
        assertThat(get("/ready").headers().firstValue("Connection")).hasValue("close");
        var stopping = CompletableFuture.runAsync(app::close);
        assertThat(underWay).isNotDone();
        wakeUp.countDown();

        assertThat(underWay.get(10, TimeUnit.SECONDS).statusCode()).isEqualTo(200);
        stopping.get(10, TimeUnit.SECONDS);
    }

    private void start(Map<String, String> environment) throws IOException {
        var onAFreePort = new HashMap<>(environment);
        onAFreePort.put("PORT", "0");
        app = SmsChecker.start(Settings.from(onAFreePort), duration -> {
            slept.set(duration);
            wakeUp.await();
        });
    }

    private HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(URI.create(
                        "http://127.0.0.1:%d%s".formatted(app.address().getPort(), path)))
                .timeout(Duration.ofSeconds(20));
    }

    private HttpResponse<String> get(String path) throws IOException, InterruptedException {
        return client.send(request(path).build(), BodyHandlers.ofString());
    }

    private String post(String contentType, String body) throws IOException, InterruptedException {
        var request = request("/sms").header("Content-Type", contentType).POST(BodyPublishers.ofString(body));
        return client.send(request.build(), BodyHandlers.ofString()).body();
    }

    private double metric(String series) throws IOException, InterruptedException {
        return get("/metrics")
                .body()
                .lines()
                .filter(line -> line.startsWith(series + " "))
                .mapToDouble(line -> Double.parseDouble(line.substring(series.length())))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no series " + series));
    }
}
