package dev.aviary.cli.replay;

import dev.aviary.cli.TemporaryFolder;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// Has a log replayed that was written for it, so that the JVM that does it can keep what it learned.
///
/// @see <a href="https://openjdk.org/jeps/515">JEP 515</a>
public final class ReplayTraining {
    /// As many as it takes until the parts that count are compiled.
    static final long RECORDS = 200_000;

    private static final long PATIENCE_SECONDS = 120;

    private ReplayTraining() {}

    /// @param command that replays; the canary and the log's address are added
    public static void main(String[] command) throws IOException, InterruptedException {
        System.exit(run(List.of(command), RECORDS));
    }

    /// @return the command's exit status; 1 if it took too long and was ended
    static int run(List<String> command, long records) throws IOException, InterruptedException {
        try (var folder = TemporaryFolder.create("aviary-replay");
                var log = PracticeLog.write(folder.path(), records, 0)) {
            var all = new ArrayList<>(command);
            all.addAll(log.arguments());
            var replay = new ProcessBuilder(all).inheritIO().start();
            if (replay.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                return replay.exitValue();
            }
            replay.destroyForcibly().waitFor();
            return 1;
        }
    }
}
