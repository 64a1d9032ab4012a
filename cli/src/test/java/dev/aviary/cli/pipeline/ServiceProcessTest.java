package dev.aviary.cli.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class ServiceProcessTest {
    private static final Duration SOON = Duration.ofSeconds(2);
    private static final Duration LATER = Duration.ofMinutes(5);

    @Test
    void whatDiesAgainAndAgainWaitsEverLongerForItsNextStart() {
        assertThat(Stream.iterate(ServiceProcess.pause(Duration.ZERO, SOON), pause -> ServiceProcess.pause(pause, SOON))
                        .limit(8)
                        .map(Duration::toMillis))
                .containsExactly(200L, 400L, 800L, 1_600L, 3_200L, 6_400L, 10_000L, 10_000L);
    }

    @Test
    void whatRanWellIsStartedAtOnceHoweverOftenItDiedBefore() {
        assertThat(ServiceProcess.pause(Duration.ofSeconds(10), LATER)).isZero();
        assertThat(ServiceProcess.pause(Duration.ZERO, LATER)).isZero();
    }
}
