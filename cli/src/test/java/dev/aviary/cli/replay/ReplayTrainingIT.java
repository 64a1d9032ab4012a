package dev.aviary.cli.replay;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/// The program as it is started.
class ReplayTrainingIT {
    @Test
    void aReplayIsTrainedOnALogWhoseEveryDecisionIsTheSameAgain() throws Exception {
        assertThat(ReplayTraining.run(java("dev.aviary.cli.Aviary", "replay"), 2_000))
                .isZero();
    }

    @Test
    void aReplayThatFailsIsToldAsSuch() throws Exception {
        assertThat(ReplayTraining.run(java("dev.aviary.cli.Aviary", "replay", "--no-such-option"), 100))
                .isNotZero();
    }

    private static List<String> java(String... program) {
        var command = new java.util.ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"))));
        command.addAll(List.of(program));
        return command;
    }
}
