package dev.aviary.analyzer.count;

import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.VertxException;
import io.vertx.core.VertxOptions;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.file.FileSystemOptions;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.RequestOptions;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/// Gets what a pod says of itself over HTTP, in time or not at all.
///
/// One thread of Vert.x asks all pods; the JDK's client costs twice as much. The Vert.x is our own: Quarkus' would
/// measure and trace every look.
public final class Scraper implements Scraping, AutoCloseable {
    private static final Duration PATIENCE = Duration.ofMillis(400);

    /// Shorter than a server's, so that no look meets one that is being closed.
    private static final Duration IDLE = Duration.ofSeconds(4);

    private static final int MOST_BYTES = 10 << 20;
    private static final String ACCEPTED =
            "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=1,*/*;q=0.1";

    private final Vertx vertx = Vertx.vertx(new VertxOptions()
            .setEventLoopPoolSize(1)
            .setWorkerPoolSize(1)
            .setInternalBlockingPoolSize(1)
            .setFileSystemOptions(
                    new FileSystemOptions().setFileCachingEnabled(false).setClassPathResolvingEnabled(false)));
    private final Context loop = vertx.getOrCreateContext();
    private final Duration patience;
    private final HttpClient client;

    public Scraper() {
        this(PATIENCE);
    }

    Scraper(Duration patience) {
        this.patience = patience;
        this.client = vertx.createHttpClient(new HttpClientOptions()
                .setConnectTimeout(Math.toIntExact(patience.toMillis()))
                .setKeepAliveTimeout(Math.toIntExact(IDLE.toSeconds()))
                .setDecompressionSupported(true));
    }

    @Override
    public byte[] scrape(String url) throws NoAnswer {
        var body = new CompletableFuture<byte[]>();
        loop.runOnContext(_ -> ask(url, body));
        try {
            return body.get(patience.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException late) {
            throw new NoAnswer("no answer within %d ms".formatted(patience.toMillis()));
        } catch (ExecutionException away) {
            throw away.getCause() instanceof NoAnswer why ? why : new NoAnswer("it can't be read");
        } catch (InterruptedException ends) {
            Thread.currentThread().interrupt();
            throw new NoAnswer("the analyzer stops");
        } finally {
            body.cancel(false);
        }
    }

    /// One that nobody waits for any more ends with its connection.
    private void ask(String url, CompletableFuture<byte[]> body) {
        try {
            client.request(new RequestOptions().setAbsoluteURI(url).putHeader("Accept", ACCEPTED))
                    .onFailure(body::completeExceptionally)
                    .onSuccess(request -> {
                        var _ = body.whenComplete((_, failed) -> {
                            if (failed != null) {
                                loop.runOnContext(_ -> request.reset());
                            }
                        });
                        request.send()
                                .compose(Scraper::read)
                                .onSuccess(body::complete)
                                .onFailure(body::completeExceptionally);
                    });
        } catch (VertxException | IllegalArgumentException | IllegalStateException unreadable) { // or we are closing
            body.completeExceptionally(unreadable);
        }
    }

    private static Future<byte[]> read(HttpClientResponse answer) {
        if (answer.statusCode() != 200) {
            return Future.failedFuture(new NoAnswer("its metrics answer %d".formatted(answer.statusCode())));
        }
        var read = Promise.<byte[]>promise();
        var body = Buffer.buffer();
        answer.exceptionHandler(read::tryFail)
                .endHandler(_ -> read.tryComplete(body.getBytes()))
                .handler(part -> {
                    if (body.length() + part.length() <= MOST_BYTES) {
                        body.appendBuffer(part);
                    } else {
                        read.tryFail(new NoAnswer("its metrics are larger than 10 MB"));
                    }
                });
        return read.future();
    }

    @Override
    public void close() {
        vertx.close().toCompletionStage().toCompletableFuture().join();
    }
}
