package dev.aviary.analyzer.count;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import dev.aviary.analyzer.count.Scraping.NoAnswer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ScraperTest {
    private static final byte[] METRICS = "hits_total 3\n".getBytes(StandardCharsets.UTF_8);

    private final Set<InetSocketAddress> connections = ConcurrentHashMap.newKeySet();
    private final List<Headers> asked = new CopyOnWriteArrayList<>();
    private final CountDownLatch over = new CountDownLatch(1);
    private final Scraper scraper = new Scraper(Duration.ofSeconds(30));
    private final Scraper hasty = new Scraper(Duration.ofMillis(200));
    private HttpHandler answer = exchange -> say(exchange, 200, METRICS);
    private final HttpServer pod;

    ScraperTest() throws IOException {
        pod = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        pod.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        pod.createContext("/", exchange -> {
            connections.add(exchange.getRemoteAddress());
            asked.add(exchange.getRequestHeaders());
            answer.handle(exchange);
        });
        pod.start();
    }

    @Test
    void aPodKeepsItsConnectionFromLookToLook() throws Exception {
        for (int look = 0; look < 10; look++) {
            assertThat(scraper.scrape(url())).isEqualTo(METRICS);
        }

        assertThat(connections).hasSize(1);
        assertThat(asked.getFirst().getFirst("Accept")).contains("text/plain", "openmetrics");
    }

    @Test
    void whatIsPackedIsUnpacked() throws Exception {
        answer = exchange -> {
            exchange.getResponseHeaders().set("Content-Encoding", "gzip");
            say(exchange, 200, packed(METRICS));
        };

        assertThat(scraper.scrape(url())).isEqualTo(METRICS);
        assertThat(asked.getFirst().getFirst("Accept-Encoding")).contains("gzip");
    }

    @Test
    void aPodThatIsLateIsNotWaitedForAndIsAskedAnewAtTheNextLook() {
        answer = _ -> awaited(over);
        assertThatThrownBy(() -> hasty.scrape(url()))
                .isInstanceOf(NoAnswer.class)
                .hasMessage("no answer within 200 ms");

        answer = exchange -> say(exchange, 200, METRICS);

        await().atMost(Duration.ofSeconds(30))
                .ignoreExceptions()
                .until(() -> Arrays.equals(hasty.scrape(url()), METRICS));
    }

    @Test
    void looksThatGotNoAnswerHoldUpNoLaterOne() {
        answer = exchange -> {
            if (exchange.getRequestURI().getPath().equals("/late")) {
                awaited(over);
            } else {
                say(exchange, 200, METRICS);
            }
        };
        for (int late = 0; late < 8; late++) {
            assertThatThrownBy(() -> hasty.scrape(url() + "late")).hasMessage("no answer within 200 ms");
        }

        await().atMost(Duration.ofSeconds(30))
                .ignoreExceptions()
                .until(() -> Arrays.equals(hasty.scrape(url()), METRICS));
    }

    @Test
    void anythingButAnAnswerIsNone() throws Exception {
        answer = exchange -> say(exchange, 404, METRICS);
        assertThatThrownBy(() -> scraper.scrape(url()))
                .isInstanceOf(NoAnswer.class)
                .hasMessage("its metrics answer 404");

        answer = exchange -> {
            exchange.sendResponseHeaders(200, 1000);
            exchange.getResponseBody().write(METRICS);
            exchange.getResponseBody().flush();
            exchange.close();
        };
        assertThatThrownBy(() -> scraper.scrape(url())).isInstanceOf(NoAnswer.class);

        assertThatThrownBy(() -> scraper.scrape("http://127.0.0.1:" + unused() + "/metrics"))
                .isInstanceOf(NoAnswer.class)
                .hasMessage("it can't be read");
        assertThatThrownBy(() -> scraper.scrape("gopher:metrics"))
                .isInstanceOf(NoAnswer.class)
                .hasMessage("it can't be read");
    }

    @Test
    void whatIsTooLargeIsNotKept() {
        answer = exchange -> {
            exchange.getResponseHeaders().set("Content-Encoding", "gzip");
            say(exchange, 200, packed(new byte[11 << 20]));
        };

        assertThatThrownBy(() -> scraper.scrape(url())).hasMessage("its metrics are larger than 10 MB");
    }

    private String url() {
        return "http://127.0.0.1:%d/".formatted(pod.getAddress().getPort());
    }

    private static int unused() throws IOException {
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private static void say(HttpExchange exchange, int status, byte[] body) throws IOException {
        try (exchange) {
            exchange.sendResponseHeaders(status, body.length);
            exchange.getResponseBody().write(body);
        }
    }

    private static byte[] packed(byte[] body) throws IOException {
        var packed = new ByteArrayOutputStream();
        try (var out = new GZIPOutputStream(packed)) {
            out.write(body);
        }
        return packed.toByteArray();
    }

    private static void awaited(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException ends) {
            Thread.currentThread().interrupt();
        }
    }

    @AfterEach
    void stop() {
        over.countDown();
        scraper.close();
        hasty.close();
        pod.stop(0);
    }
}
