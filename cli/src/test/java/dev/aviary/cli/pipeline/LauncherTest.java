package dev.aviary.cli.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class LauncherTest {
    @Test
    void aProcessOutlivesTheThreadThatWantedIt() throws Exception {
        var starting = new FutureTask<>(() -> Launcher.start(new ProcessBuilder("sleep", "60")));
        var thread = Thread.ofPlatform().start(starting);
        var process = starting.get();
        thread.join();
        try {
            assertThat(process.waitFor(1, TimeUnit.SECONDS)).as("it has ended").isFalse();
        } finally {
            process.destroyForcibly();
        }
    }

    @Test
    void whatCannotBeStartedIsSaid() {
        assertThatThrownBy(() -> Launcher.start(
                        new ProcessBuilder("sleep", "60").directory(new java.io.File("/no/such/folder"))))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("/no/such/folder");
    }
}
