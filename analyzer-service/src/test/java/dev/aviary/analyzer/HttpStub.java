package dev.aviary.analyzer;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;

/// A back end or receiver that answers as it is told, one answer after the other; the last one again and again.
public final class HttpStub implements AutoCloseable {
    /// @param path with its query, decoded
    public record Asked(String method, String path, Map<String, List<String>> headers, String body) {}

    private record Answer(int status, Map<String, String> headers, String body, boolean never) {}

    private final HttpServer server;
    private final CountDownLatch closing = new CountDownLatch(1);
    private final List<Answer> answers = new CopyOnWriteArrayList<>();
    private final List<Asked> asked = new CopyOnWriteArrayList<>();

    public HttpStub() {
        try {
            server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
        server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        server.createContext("/", this::answer);
        server.start();
    }

    public HttpStub answers(int status, String body) {
        answers.add(new Answer(status, Map.of("Content-Type", "application/json"), body, false));
        return this;
    }

    public HttpStub redirects(int status, String to) {
        answers.add(new Answer(status, Map.of("Location", to), "", false));
        return this;
    }

    public HttpStub neverAnswers() {
        answers.add(new Answer(0, Map.of(), "", true));
        return this;
    }

    public String url() {
        return "http://127.0.0.1:" + server.getAddress().getPort();
    }

    public List<Asked> asked() {
        return List.copyOf(asked);
    }

    private void answer(HttpExchange exchange) throws IOException {
        try (exchange) {
            var body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
            var uri = exchange.getRequestURI();
            var query = uri.getRawQuery() == null
                    ? ""
                    : "?" + java.net.URLDecoder.decode(uri.getRawQuery(), StandardCharsets.UTF_8);
            int turn = asked.size();
            asked.add(new Asked(
                    exchange.getRequestMethod(),
                    uri.getPath() + query,
                    Map.copyOf(exchange.getRequestHeaders()),
                    body));
            var answer = answers.get(Math.min(turn, answers.size() - 1));
            if (answer.never()) {
                closing.await();
                return;
            }
            answer.headers()
                    .forEach((name, value) -> exchange.getResponseHeaders().set(name, value));
            var bytes = answer.body().getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(answer.status(), bytes.length == 0 ? -1 : bytes.length);
            exchange.getResponseBody().write(bytes);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        closing.countDown();
        server.stop(0);
    }
}
