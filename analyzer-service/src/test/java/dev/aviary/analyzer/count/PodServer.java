package dev.aviary.analyzer.count;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;

/// The metrics of as many pods as are asked for, as an app of usual size shows them. Prints its port, ends with its
/// input.
final class PodServer {
    private static final int OTHER_SERIES = 250;

    private PodServer() {}

    public static void main(String[] arguments) throws IOException {
        var asked = new AtomicLong();
        var others = new StringBuilder();
        for (int series = 0; series < OTHER_SERIES; series++) {
            others.append(
                    "jvm_something_bytes{area=\"heap\",id=\"G1 Region %d\"} %d%n".formatted(series, 123_456 * series));
        }
        var server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 4096);
        server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        server.createContext("/", exchange -> {
            try (exchange) {
                long count = asked.incrementAndGet();
                var body = (others + """
                                process_start_time_seconds 1700000000
                                hits_total{status="200"} %d
                                hits_total{status="500"} 3
                                took_seconds_bucket{le="0.1"} %d
                                took_seconds_bucket{le="0.5"} %d
                                took_seconds_bucket{le="+Inf"} %d
                                """.formatted(count, count, count, count)).getBytes(StandardCharsets.UTF_8);
                exchange.sendResponseHeaders(200, body.length);
                exchange.getResponseBody().write(body);
            }
        });
        server.start();
        System.out.println(server.getAddress().getPort());
        System.out.flush();
        while (System.in.read() >= 0) {
            // until the parent ends
        }
        server.stop(0);
        System.exit(0);
    }
}
