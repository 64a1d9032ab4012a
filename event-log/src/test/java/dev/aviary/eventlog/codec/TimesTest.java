package dev.aviary.eventlog.codec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TimesTest {
    private static final int MANY = 20_000;

    @Test
    void whatTheJdkWritesIsReadAsTheJdkReadsIt() {
        var random = new Random(7);
        for (int i = 0; i < MANY; i++) {
            var precision = new long[] {1, 1_000, 1_000_000, 1_000_000_000}[random.nextInt(4)];
            long nanos = random.nextLong(1_000_000_000) / precision * precision;
            var instant = Instant.ofEpochSecond(random.nextLong(-100_000_000_000L, 300_000_000_000L), nanos);
            var duration = Duration.ofSeconds(random.nextLong(-10, 1L << random.nextInt(1, 40)), nanos);

            assertThat(Times.instant(instant.toString())).isEqualTo(instant);
            assertThat(Times.duration(duration.toString())).isEqualTo(duration);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "2026-01-01T12:00:00+01:00",
                "2026-01-01T24:00:00Z",
                "2026-01-01T12:00:00.1Z",
                "2026-12-31T23:59:60Z",
                "+12026-01-01T12:00:00Z",
                "-0001-01-01T12:00:00Z"
            })
    void anInstantInAnotherFormIsLeftToTheJdk(String text) {
        assertThat(Times.instant(text)).isEqualTo(Instant.parse(text));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"PT1H", "PT2H3M4.5S", "P1DT1S", "PT-1S", "PT+1S", "pt1s", "PT12345678901S", "PT-0.5S", "PT1,5S"})
    void aDurationInAnotherFormIsLeftToTheJdk(String text) {
        assertThat(Times.duration(text)).isEqualTo(Duration.parse(text));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "Z",
                "2026-01-01T12:00:00",
                "2026-01-01T12:00Z",
                "2026-02-30T12:00:00Z",
                "2026-13-01T12:00:00Z",
                "2026-01-01T12:60:00Z",
                "2026-01-01 12:00:00Z",
                "2026-01-01T12:00:00;5Z",
                "2026-01-01T12:00:00.1234567890Z",
                "2o26-01-01T12:00:00Z"
            })
    void whatIsNoInstantIsRefusedAsTheJdkRefusesIt(String text) {
        assertThatThrownBy(() -> Times.instant(text)).isInstanceOf(DateTimeException.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "PTS", "PT.S", "PT1.1234567890S", "PT1.5.5S", "P1S", "PT1", "PT S"})
    void whatIsNoDurationIsRefusedAsTheJdkRefusesIt(String text) {
        assertThatThrownBy(() -> Duration.parse(text)).isInstanceOf(DateTimeException.class);
        assertThatThrownBy(() -> Times.duration(text)).isInstanceOf(DateTimeException.class);
    }
}
