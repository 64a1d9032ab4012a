package dev.aviary.notifier.channel;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.stream.Collectors;

/// A server that answers as told, and keeps what it got.
public final class HttpStub implements AutoCloseable {
    public record Request(String uri, Map<String, List<String>> headers, String body) {
        public String header(String name) {
            return headers.getOrDefault(name.toLowerCase(Locale.ROOT), List.of(""))
                    .getFirst();
        }
    }

    private final HttpServer server;
    private final List<Request> requests = new CopyOnWriteArrayList<>();
    private volatile int status = 200;

    private HttpStub(HttpServer server) {
        this.server = server;
    }

    public static HttpStub start() throws IOException {
        return start(0);
    }

    public static HttpStub start(int port) throws IOException {
        var server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
        var stub = new HttpStub(server);
        server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        server.createContext("/", exchange -> {
            var headers = exchange.getRequestHeaders().entrySet().stream()
                    .collect(Collectors.toMap(of -> of.getKey().toLowerCase(Locale.ROOT), Map.Entry::getValue));
            var body = new String(exchange.getRequestBody().readAllBytes(), UTF_8);
            stub.requests.add(new Request(exchange.getRequestURI().toString(), headers, body));
            exchange.sendResponseHeaders(stub.status, -1);
            exchange.close();
        });
        server.start();
        return stub;
    }

    public void answer(int with) {
        status = with;
    }

    public int port() {
        return server.getAddress().getPort();
    }

    public String address(String path) {
        return "http://127.0.0.1:" + port() + path;
    }

    public List<Request> requests() {
        return List.copyOf(requests);
    }

    public Request last() {
        return requests.getLast();
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
