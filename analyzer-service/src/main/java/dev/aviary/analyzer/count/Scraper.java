package dev.aviary.analyzer.count;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.zip.GZIPInputStream;

/// Gets what a pod says of itself over HTTP, in time or not at all.
public final class Scraper implements Scraping, AutoCloseable {
    private static final Duration PATIENCE = Duration.ofMillis(400);
    private static final int MOST_BYTES = 10 << 20;
    private static final String ACCEPTED =
            "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=1,*/*;q=0.1";

    private final HttpClient client = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(PATIENCE)
            .build();

    @Override
    public byte[] scrape(String url) throws NoAnswer {
        try {
            var request = HttpRequest.newBuilder(URI.create(url))
                    .header("Accept", ACCEPTED)
                    .header("Accept-Encoding", "gzip")
                    .timeout(PATIENCE)
                    .build();
            var answer = client.sendAsync(request, BodyHandlers.limiting(BodyHandlers.ofByteArray(), MOST_BYTES));
            try {
                return body(answer.get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS));
            } finally {
                answer.cancel(true);
            }
        } catch (TimeoutException late) {
            throw new NoAnswer("no answer within %d ms".formatted(PATIENCE.toMillis()));
        } catch (ExecutionException | IOException | IllegalArgumentException away) {
            throw new NoAnswer("it can't be read");
        } catch (InterruptedException ends) {
            Thread.currentThread().interrupt();
            throw new NoAnswer("the analyzer stops");
        }
    }

    private static byte[] body(HttpResponse<byte[]> answer) throws NoAnswer, IOException {
        if (answer.statusCode() != 200) {
            throw new NoAnswer("its metrics answer %d".formatted(answer.statusCode()));
        }
        if (!answer.headers().firstValue("Content-Encoding").orElse("").equals("gzip")) {
            return answer.body();
        }
        try (var unpacked = new GZIPInputStream(new ByteArrayInputStream(answer.body()))) {
            var body = unpacked.readNBytes(MOST_BYTES + 1);
            if (body.length > MOST_BYTES) {
                throw new NoAnswer("its metrics are larger than 10 MB");
            }
            return body;
        }
    }

    @Override
    public void close() {
        client.shutdownNow();
    }
}
