package dev.aviary.examples.smschecker;

import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.URI;
import java.util.List;
import java.util.Map;

/// A new JVM's first answers take long, because they load classes. So the app asks itself before it takes requests: on
/// a port apart, and nothing of it is counted.
final class WarmUp {
    private static final int ROUNDS = 20;
    private static final List<String> PATHS = List.of("/", "/sms?sms=See+you+at+lunch", "/metrics", "/ready");

    private WarmUp() {}

    /// @throws IOException if one of them isn't answered
    static void run() throws IOException {
        try (var apart = SmsChecker.start(Settings.from(Map.of("PORT", "0")), Thread::sleep)) {
            for (int round = 0; round < ROUNDS; round++) {
                for (var path : PATHS) {
                    ask(apart.address(), path);
                }
            }
        }
    }

    private static void ask(InetSocketAddress address, String path) throws IOException {
        var url = URI.create("http://%s:%d%s".formatted(address.getHostString(), address.getPort(), path))
                .toURL();
        var asked = (HttpURLConnection) url.openConnection(Proxy.NO_PROXY);
        try (var answer = asked.getInputStream()) {
            answer.readAllBytes();
        }
    }
}
