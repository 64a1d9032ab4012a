package dev.aviary.cli.pipeline;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/// Answers as an API server in which there is nothing, and keeps nothing: enough for a service to become ready.
final class EmptyCluster implements AutoCloseable {
    private static final String NOTHING = """
            {"kind": "List", "apiVersion": "v1", "metadata": {"resourceVersion": "1"}, "items": []}""";
    private static final String NOT_FOUND = """
            {"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "NotFound", "code": 404}""";

    private final HttpServer server;
    private final ExecutorService threads;

    private EmptyCluster(HttpServer server, ExecutorService threads) {
        this.server = server;
        this.threads = threads;
    }

    static EmptyCluster start() throws IOException {
        var server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        var threads = Executors.newVirtualThreadPerTaskExecutor();
        server.setExecutor(threads);
        server.createContext("/", EmptyCluster::answer);
        server.start();
        return new EmptyCluster(server, threads);
    }

    /// @param folder where it is written
    Path kubeconfig(Path folder) throws IOException {
        return Files.writeString(
                folder.resolve("kubeconfig"), """
                apiVersion: v1
                kind: Config
                clusters: [{name: empty, cluster: {server: "http://127.0.0.1:%d"}}]
                users: [{name: nobody, user: {}}]
                contexts: [{name: empty, context: {cluster: empty, user: nobody}}]
                current-context: empty
                """.formatted(server.getAddress().getPort()));
    }

    private static void answer(HttpExchange asked) throws IOException {
        var said = asked.getRequestBody().readAllBytes();
        var query = Optional.ofNullable(asked.getRequestURI().getQuery()).orElse("");
        boolean asksForSocket = asked.getRequestHeaders().containsKey("Upgrade");
        asked.getResponseHeaders().set("Content-Type", "application/json");
        if (!asked.getRequestMethod().equals("GET")) {
            answer(asked, 201, said);
        } else if (query.contains("watch=true") && !asksForSocket) {
            asked.sendResponseHeaders(200, 0);
            asked.getResponseBody().write(' '); // else not even the headers are sent; and nothing ever happens
            asked.getResponseBody().flush();
        } else if (asked.getRequestURI().getPath().matches(".*/namespaces/[^/]+/[^/]+/[^/]+")) {
            answer(asked, 404, NOT_FOUND.getBytes(UTF_8));
        } else {
            answer(asked, 200, NOTHING.getBytes(UTF_8));
        }
    }

    private static void answer(HttpExchange asked, int status, byte[] body) throws IOException {
        try (asked) {
            asked.sendResponseHeaders(status, body.length);
            asked.getResponseBody().write(body);
        }
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }
}
