package dev.aviary.examples.smschecker;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import dev.aviary.examples.smschecker.SpamFilter.Prediction;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;

/// Answers requests: `/` and `/sms` for people, and are counted; `/metrics`, `/healthz` and `/ready` for machines;
/// `/ill` for whoever tries what happens when one pod alone is slow.
final class Pages implements HttpHandler {
    /// Lets a request wait; a test hands in one that it opens itself.
    interface Pause {
        void of(Duration duration) throws InterruptedException;
    }

    private final Settings settings;
    private final Pause pause;
    private final AppMetrics metrics = new AppMetrics();
    private final SpamFilter filter = SpamFilter.trained();
    private final AtomicLong requests = new AtomicLong();
    private volatile boolean draining;
    private volatile Duration ill = Duration.ZERO;

    Pages(Settings settings, Pause pause) {
        this.settings = settings;
        this.pause = pause;
    }

    /// From now on `/ready` says 503, and each answer closes its connection, so that callers go elsewhere.
    void drain() {
        draining = true;
    }

    @Override
    public void handle(HttpExchange exchange) throws IOException {
        try (exchange) {
            switch (Objects.requireNonNullElse(exchange.getRequestURI().getPath(), "")) {
                case "/metrics" -> {
                    var scrape = metrics.scrape(exchange.getRequestHeaders().getFirst("Accept"));
                    send(exchange, new Answer(200, scrape.contentType(), scrape.body()));
                }
                case "/healthz" -> send(exchange, Answer.text(200, "alive\n"));
                case "/ready" -> {
                    boolean ready = !draining && !settings.neverReady();
                    send(exchange, Answer.text(ready ? 200 : 503, ready ? "ready\n" : "not ready\n"));
                }
                case "/ill" ->
                    send(
                            exchange,
                            fallIll(Optional.ofNullable(exchange.getRequestURI().getQuery())));
                default -> counted(exchange);
            }
        } catch (InterruptedException stopping) {
            Thread.currentThread().interrupt();
        }
    }

    /// @param query `ms=2000`
    private Answer fallIll(Optional<String> query) {
        return query.filter(given -> given.matches("ms=\\d{1,6}"))
                .map(given -> {
                    ill = Duration.ofMillis(Long.parseLong(given.substring("ms=".length())));
                    return Answer.text(200, "This pod sleeps %d ms from now on.\n".formatted(ill.toMillis()));
                })
                .orElseGet(() ->
                        Answer.text(400, "Say how long each request for a page sleeps from now on: /ill?ms=2000\n"));
    }

    private void counted(HttpExchange exchange) throws IOException, InterruptedException {
        long start = System.nanoTime();
        metrics.began();
        try {
            var answer = answer(exchange);
            metrics.answered(answer.status(), System.nanoTime() - start);
            send(exchange, answer);
        } finally {
            metrics.ended();
        }
    }

    private Answer answer(HttpExchange exchange) throws IOException, InterruptedException {
        String path = exchange.getRequestURI().getPath();
        if (!path.equals("/") && !path.equals("/sms")) {
            return Answer.text(404, "There are only / and /sms here.\n");
        }
        var sleep = settings.sleep().plus(ill);
        if (!sleep.isZero()) {
            pause.of(sleep);
        }
        if (failsNow()) {
            return Answer.text(500, "This version fails on purpose (ERROR_RATE).\n");
        }
        return path.equals("/") ? Answer.html(Html.page(settings.version(), Optional.empty())) : checked(exchange);
    }

    private Answer checked(HttpExchange exchange) throws IOException {
        return switch (SmsRequest.read(exchange)) {
            case SmsRequest.Sms(String text) -> {
                long start = System.nanoTime();
                Prediction prediction = filter.predict(text);
                metrics.predicted(System.nanoTime() - start);
                yield wantsHtml(exchange)
                        ? Answer.html(Html.page(settings.version(), Optional.of(new Html.Checked(text, prediction))))
                        : Answer.json(SmsRequest.json(prediction));
            }
            case SmsRequest.Refused(int status, String why) -> Answer.text(status, why + "\n");
        };
    }

    /// Spreads the failures evenly and without a beat: the multiples of the golden ratio modulo 1 leave no gaps, so
    /// that any few hundred requests in a row hold the share, whatever order the pages are asked in.
    private boolean failsNow() {
        double place = requests.incrementAndGet() * 0.618_033_988_749_895 % 1;
        return place < settings.errorRate();
    }

    private static boolean wantsHtml(HttpExchange exchange) {
        return exchange.getRequestHeaders().getOrDefault("Accept", List.of()).stream()
                .anyMatch(accept -> accept.contains("text/html"));
    }

    private void send(HttpExchange exchange, Answer answer) throws IOException {
        var headers = exchange.getResponseHeaders();
        headers.set("Content-Type", answer.contentType());
        headers.set("x-app-version", settings.version());
        settings.pod().ifPresent(pod -> headers.set("x-pod", pod));
        if (draining) {
            headers.set("Connection", "close");
        }
        boolean head = exchange.getRequestMethod().equals("HEAD");
        exchange.sendResponseHeaders(answer.status(), head ? -1 : answer.body().length);
        if (!head) {
            exchange.getResponseBody().write(answer.body());
        }
    }

    @SuppressWarnings("ArrayRecordComponent") // written out at once, never compared
    private record Answer(int status, String contentType, byte[] body) {
        static Answer text(int status, String text) {
            return new Answer(status, "text/plain; charset=utf-8", text.getBytes(UTF_8));
        }

        static Answer html(String html) {
            return new Answer(200, "text/html; charset=utf-8", html.getBytes(UTF_8));
        }

        static Answer json(String json) {
            return new Answer(200, "application/json", json.getBytes(UTF_8));
        }
    }
}
