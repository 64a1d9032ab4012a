package dev.aviary.examples.smschecker;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/// The running app.
public final class SmsChecker implements AutoCloseable {
    private static final int SECONDS_FOR_THE_LAST_REQUESTS = 20;

    private final HttpServer server;
    private final Pages pages;

    private SmsChecker(HttpServer server, Pages pages) {
        this.server = server;
        this.pages = pages;
    }

    /// @param arguments none: everything is said by the environment, see [Settings]
    public static void main(String[] arguments) throws InterruptedException {
        try {
            var settings = Settings.from(System.getenv());
            WarmUp.run();
            var app = start(settings, Thread::sleep);
            System.out.printf(
                    "INFO sms-checker started version=%s address=%s:%d%n",
                    settings.version(),
                    app.address().getHostString(),
                    app.address().getPort());
            Runtime.getRuntime().addShutdownHook(new Thread(() -> drainAndStop(app, settings), "drain"));
            if (settings.crashAfter().isPresent()) {
                Thread.sleep(settings.crashAfter().get());
                System.out.println("ERROR sms-checker crashes on purpose (CRASH or CRASH_AFTER_MS)");
                Runtime.getRuntime().halt(1);
            }
            new CountDownLatch(1).await(); // until SIGTERM
        } catch (IllegalArgumentException | IOException notStarted) {
            System.err.println("sms-checker did not start: " + notStarted.getMessage());
            System.exit(1);
        }
    }

    static SmsChecker start(Settings settings, Pages.Pause pause) throws IOException {
        // A proxy keeps its connections; one that we close first is a request that fails there. And without
        // this, an answer on such a connection waits 40 ms for an acknowledgement.
        System.setProperty("sun.net.httpserver.nodelay", "true");
        System.setProperty("sun.net.httpserver.idleInterval", "3600");
        System.setProperty("sun.net.httpserver.maxIdleConnections", "10000");

        var pages = new Pages(settings, pause);
        HttpServer server;
        try {
            server = HttpServer.create(settings.address(), 1024);
        } catch (IOException taken) {
            throw new IOException(
                    "%s:%d: %s. Is the port taken? PORT names another one."
                            .formatted(
                                    settings.address().getHostString(),
                                    settings.address().getPort(),
                                    taken.getMessage()),
                    taken);
        }
        server.createContext("/", pages);
        server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        server.start();
        return new SmsChecker(server, pages);
    }

    InetSocketAddress address() {
        return server.getAddress();
    }

    private static void drainAndStop(SmsChecker app, Settings settings) {
        System.out.printf("INFO sms-checker drains for=%dms%n", settings.drain().toMillis());
        app.drain();
        try {
            TimeUnit.NANOSECONDS.sleep(settings.drain().toNanos());
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
        app.close();
        System.out.println("INFO sms-checker stopped");
    }

    /// Not ready any more, but still answering.
    void drain() {
        pages.drain();
    }

    /// Takes no more requests and waits for those under way.
    @Override
    public void close() {
        server.stop(SECONDS_FOR_THE_LAST_REQUESTS);
    }
}
