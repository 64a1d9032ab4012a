package dev.aviary.analyzer.count;

import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerOptions;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.zip.GZIPOutputStream;

/// The metrics of as many pods as are asked for, each at an address of its own, as an app of usual size shows them.
/// Prints its port, ends with its input.
///
/// The answers are made once in a while for all, so that what it costs to serve them doesn't hide what it costs to ask.
final class PodServer {
    private static final int OTHER_SERIES = 250;
    private static final int MILLIS = 250;

    /// The same numbers for all pods, which grow with the time.
    private Buffer plain = Buffer.buffer();

    private Buffer packed = Buffer.buffer();
    private long requests;

    private PodServer() {}

    /// Of the pod with this number, counted from 0.
    static String host(int pod) {
        return "127.1.%d.%d".formatted(pod / 250, 1 + pod % 250);
    }

    /// @param arguments pods, and `gzip` if they are to pack what they answer
    public static void main(String[] arguments) throws IOException, InterruptedException {
        int pods = Integer.parseInt(arguments[0]);
        boolean packs = arguments[1].equals("gzip");
        var vertx = Vertx.vertx(new VertxOptions().setEventLoopPoolSize(1));
        var server = new PodServer();
        server.refresh();
        vertx.setPeriodic(MILLIS, _ -> server.refresh());
        int port = 0;
        for (int pod = 0; pod < pods; pod++) {
            port = vertx.createHttpServer(new HttpServerOptions().setAcceptBacklog(16))
                    .requestHandler(asked -> {
                        if (packs) {
                            asked.response().putHeader("Content-Encoding", "gzip");
                        }
                        asked.response().end(packs ? server.packed : server.plain);
                    })
                    .listen(port, host(pod))
                    .toCompletionStage()
                    .toCompletableFuture()
                    .join()
                    .actualPort();
        }
        System.out.println(port);
        System.out.flush();
        while (System.in.read() >= 0) {
            // until the parent ends
        }
        System.exit(0);
    }

    private void refresh() {
        requests += MILLIS / 50;
        var text = new StringBuilder();
        for (int series = 0; series < OTHER_SERIES; series++) {
            text.append(
                    "jvm_something_bytes{area=\"heap\",id=\"G1 Region %d\"} %d\n".formatted(series, 123_456 * series));
        }
        text.append("""
                process_start_time_seconds 1700000000
                hits_total{status="200"} %d
                hits_total{status="500"} 3
                took_seconds_bucket{le="0.1"} %d
                took_seconds_bucket{le="0.5"} %d
                took_seconds_bucket{le="+Inf"} %d
                """.formatted(requests, requests, requests, requests));
        plain = Buffer.buffer(text.toString());
        packed = Buffer.buffer(gzip(text.toString().getBytes(StandardCharsets.UTF_8)));
    }

    private static byte[] gzip(byte[] body) {
        var packed = new ByteArrayOutputStream();
        try (var out = new GZIPOutputStream(packed)) {
            out.write(body);
        } catch (IOException none) {
            throw new IllegalStateException(none);
        }
        return packed.toByteArray();
    }
}
