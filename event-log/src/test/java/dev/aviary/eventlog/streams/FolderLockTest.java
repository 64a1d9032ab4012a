package dev.aviary.eventlog.streams;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FolderLockTest {
    @TempDir
    Path folder;

    @Test
    void whoComesSecondInTheSameProcessIsRefusedAndTheFirstKeepsItAgainstOthers() throws Exception {
        try (var _ = FolderLock.take(folder, "broker")) {
            assertThatThrownBy(() -> FolderLock.take(folder.resolve("."), "broker"))
                    .isInstanceOf(IOException.class)
                    .hasMessageEndingWith("is in use by another broker. Stop it, or take another folder.");

            assertThat(anotherProcessGetsIt()).isFalse();
        }
        assertThat(anotherProcessGetsIt()).isTrue();
        FolderLock.take(folder, "broker").close();
    }

    private boolean anotherProcessGetsIt() throws Exception {
        var asks = "import fcntl, sys; fcntl.lockf(open(sys.argv[1], 'w'), fcntl.LOCK_EX | fcntl.LOCK_NB)";
        var file = folder.resolve("in-use").toString();
        return new ProcessBuilder(List.of("python3", "-c", asks, file)).start().waitFor() == 0;
    }
}
