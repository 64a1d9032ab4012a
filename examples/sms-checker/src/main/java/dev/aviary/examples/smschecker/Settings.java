package dev.aviary.examples.smschecker;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Predicate;

/// What the environment says; each change makes another version of the app.
///
/// @param address    `POD_IP` and `PORT`; default 127.0.0.1:8080, port 0 takes a free one
/// @param version    `VERSION`, sent back in the header `x-app-version`; default `dev`
/// @param pod        `POD_NAME`, sent back in the header `x-pod`
/// @param sleep      `SLEEP_MS`: how long every request for a page sleeps; default 0
/// @param errorRate  `ERROR_RATE`: share of requests for a page that is answered with 500, between 0 and 1; default 0
/// @param neverReady `NEVER_READY`: `/ready` says 503 forever
/// @param crashAfter `CRASH=true` (at once) or `CRASH_AFTER_MS`: the process ends with status 1
/// @param drain      `DRAIN_MS`: how long after SIGTERM requests are still taken, while `/ready` says 503; default 2000
record Settings(
        InetSocketAddress address,
        String version,
        Optional<String> pod,
        Duration sleep,
        double errorRate,
        boolean neverReady,
        Optional<Duration> crashAfter,
        Duration drain) {

    static Settings from(Map<String, String> environment) {
        int port = read(environment, "PORT", "8080", Integer::valueOf, p -> p >= 0 && p <= 65535, "a port, 0 to 65535");
        return new Settings(
                new InetSocketAddress(environment.getOrDefault("POD_IP", "127.0.0.1"), port),
                environment.getOrDefault("VERSION", "dev"),
                Optional.ofNullable(environment.get("POD_NAME")),
                millis(environment, "SLEEP_MS", "0"),
                read(environment, "ERROR_RATE", "0", Double::valueOf, r -> r >= 0 && r <= 1, "between 0 and 1"),
                flag(environment, "NEVER_READY"),
                crashAfter(environment),
                millis(environment, "DRAIN_MS", "2000"));
    }

    private static Optional<Duration> crashAfter(Map<String, String> environment) {
        if (flag(environment, "CRASH")) {
            return Optional.of(Duration.ZERO);
        }
        return environment.containsKey("CRASH_AFTER_MS")
                ? Optional.of(millis(environment, "CRASH_AFTER_MS", ""))
                : Optional.empty();
    }

    private static Duration millis(Map<String, String> environment, String name, String fallback) {
        return Duration.ofMillis(
                read(environment, name, fallback, Long::valueOf, ms -> ms >= 0, "whole milliseconds, 0 or more"));
    }

    private static boolean flag(Map<String, String> environment, String name) {
        return read(
                environment,
                name,
                "false",
                text -> switch (text) {
                    case "true" -> true;
                    case "false" -> false;
                    default -> throw new IllegalArgumentException(text);
                },
                _ -> true,
                "true or false");
    }

    private static <T> T read(
            Map<String, String> environment,
            String name,
            String fallback,
            Function<String, T> parse,
            Predicate<T> makesSense,
            String wanted) {
        String text = environment.getOrDefault(name, fallback);
        try {
            T value = parse.apply(text);
            if (makesSense.test(value)) {
                return value;
            }
        } catch (IllegalArgumentException _) {
            // said below, with the setting's name
        }
        throw new IllegalArgumentException("%s is \"%s\", but must be %s.".formatted(name, text, wanted));
    }
}
