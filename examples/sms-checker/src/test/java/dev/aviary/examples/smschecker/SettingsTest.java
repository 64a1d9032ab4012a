package dev.aviary.examples.smschecker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SettingsTest {
    @Test
    void withoutAnEnvironmentItIsAWellVersionOnLoopback() {
        assertThat(Settings.from(Map.of()))
                .isEqualTo(new Settings(
                        new InetSocketAddress("127.0.0.1", 8080),
                        "dev",
                        Optional.empty(),
                        Duration.ZERO,
                        0,
                        false,
                        Optional.empty(),
                        Duration.ofSeconds(2)));
    }

    @Test
    void everySettingIsRead() {
        var environment = Map.of(
                "POD_IP", "127.0.0.9",
                "PORT", "9000",
                "VERSION", "v2",
                "POD_NAME", "sms-checker-5d9f-x7k2p",
                "SLEEP_MS", "2000",
                "ERROR_RATE", "0.25",
                "NEVER_READY", "true",
                "CRASH_AFTER_MS", "1500",
                "DRAIN_MS", "100");

        assertThat(Settings.from(environment))
                .isEqualTo(new Settings(
                        new InetSocketAddress("127.0.0.9", 9000),
                        "v2",
                        Optional.of("sms-checker-5d9f-x7k2p"),
                        Duration.ofSeconds(2),
                        0.25,
                        true,
                        Optional.of(Duration.ofMillis(1500)),
                        Duration.ofMillis(100)));
    }

    @Test
    void crashMeansAtOnce() {
        assertThat(Settings.from(Map.of("CRASH", "true")).crashAfter()).hasValue(Duration.ZERO);
    }

    @ParameterizedTest
    @CsvSource({
        "PORT, 65536",
        "PORT, http",
        "SLEEP_MS, -1",
        "SLEEP_MS, 2s",
        "ERROR_RATE, 1.1",
        "ERROR_RATE, NaN",
        "NEVER_READY, yes",
        "CRASH, 1",
        "CRASH_AFTER_MS, soon"
    })
    void whatMakesNoSenseIsRefusedByItsName(String name, String value) {
        assertThatThrownBy(() -> Settings.from(Map.of(name, value)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(name + " is \"" + value + "\", but must be ");
    }
}
