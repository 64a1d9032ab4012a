package dev.aviary.cli.demo;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/// One release as it went. Times are milliseconds from the write of the new Deployment; absent: it never came so far.
///
/// @param firstBadAnswerMs when the first request that the new version answered was answered
/// @param revertedMs       when the route was back on the primary
/// @param exposureMs       from the start of the first request that a bad version answered to the route written back
public record Measured(
        String release,
        @Nullable Long detectedMs,
        @Nullable Long firstWeightMs,
        @Nullable Long firstBadAnswerMs,
        @Nullable Long revertedMs,
        @Nullable Long endedMs,
        String endedPhase,
        long requestsTotal,
        long requestsToCanary,
        long requestsSlow,
        long requestsFailed,
        @Nullable Long exposureMs) {
    /// When what was said, as the log has it.
    static final class Times {
        boolean goingBack;
        int inconclusive;
        Optional<Instant> detected = Optional.empty();
        Optional<Instant> firstWeight = Optional.empty();
        Optional<Instant> reverted = Optional.empty();
        Optional<Instant> ended = Optional.empty();
        Optional<String> why = Optional.empty();
    }

    /// @param version that the release's pods call themselves
    static Measured of(
            Release release, String version, Instant written, Times times, String phase, List<Request> requests) {
        var canary = requests.stream()
                .filter(request -> request.version().equals(version))
                .toList();
        boolean bad = release.isBad();
        var first = canary.stream().mapToLong(Request::startMicros).min();
        var firstAnswer = canary.stream().mapToLong(Request::endMicros).min();
        return new Measured(
                release.word(),
                since(written, times.detected),
                since(written, times.firstWeight),
                bad && firstAnswer.isPresent()
                        ? (Long) (firstAnswer.getAsLong() / 1000 - written.toEpochMilli())
                        : null,
                bad ? since(written, times.reverted) : null,
                since(written, times.ended),
                phase,
                requests.size(),
                canary.size(),
                requests.stream().filter(Request::slow).count(),
                requests.stream().filter(Request::failed).count(),
                bad ? exposure(first, times.reverted) : null);
    }

    private static @Nullable Long exposure(OptionalLong firstMicros, Optional<Instant> reverted) {
        return firstMicros.isPresent() && reverted.isPresent()
                ? (Long) (reverted.get().toEpochMilli() - firstMicros.getAsLong() / 1000)
                : null;
    }

    private static @Nullable Long since(Instant written, Optional<Instant> then) {
        return then.map(at -> at.toEpochMilli() - written.toEpochMilli()).orElse(null);
    }

    /// One request, as the load generator saw it.
    ///
    /// @param startMicros since 1970, when it was due
    /// @param version     that answered, empty if none did
    public record Request(long startMicros, long micros, int status, String version) {
        public long endMicros() {
            return startMicros + micros;
        }

        public boolean slow() {
            return micros > 500_000;
        }

        public boolean failed() {
            return status == 0 || status >= 400;
        }
    }
}
