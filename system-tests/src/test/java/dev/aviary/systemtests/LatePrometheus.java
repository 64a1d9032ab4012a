package dev.aviary.systemtests;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/// A second Prometheus beside the playground's, which asks the same pods less often.
final class LatePrometheus implements AutoCloseable {
    private final Process process;
    private final String url;

    private LatePrometheus(Process process, String url) {
        this.process = process;
        this.url = url;
    }

    static LatePrometheus start(RealWorld world, Duration scrape) throws IOException {
        var folder = Files.createDirectories(world.folder().resolve("late-prometheus"));
        var config = Files.readString(world.playground().dir().resolve("prometheus/prometheus.yml"))
                .replaceAll("(scrape_interval|evaluation_interval): .*", "$1: " + scrape.toSeconds() + "s")
                .replaceAll("scrape_timeout: .*", "scrape_timeout: 10s");
        Files.writeString(folder.resolve("prometheus.yml"), config);
        int port = freePort();
        var process = new ProcessBuilder(
                        world.program().resolveSibling("prometheus").toString(),
                        "--config.file=prometheus.yml",
                        "--storage.tsdb.path=data",
                        "--web.listen-address=127.0.0.1:" + port)
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("prometheus.log").toFile())
                .start();
        var late = new LatePrometheus(process, "http://127.0.0.1:" + port);
        late.awaitReady();
        return late;
    }

    private void awaitReady() {
        var ready = HttpRequest.newBuilder(URI.create(url + "/-/ready")).build();
        try (var http = HttpClient.newHttpClient()) {
            await("the second Prometheus is ready")
                    .atMost(RealWorld.patience())
                    .ignoreExceptions()
                    .until(() -> http.send(ready, BodyHandlers.discarding()).statusCode() == 200);
        }
    }

    String url() {
        return url;
    }

    private static int freePort() throws IOException {
        try (var socket = new ServerSocket()) {
            socket.bind(new InetSocketAddress(Inet4Address.ofLiteral("127.0.0.1"), 0));
            return socket.getLocalPort();
        }
    }

    @Override
    public void close() throws IOException {
        process.destroy();
        try {
            if (!process.waitFor(10, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
