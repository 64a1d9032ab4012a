package dev.aviary.cli.pipeline;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/// Starts processes that end with this one, even if it is killed.
///
/// The kernel takes the end of the thread that started a process for its parent's end, so one thread that never ends
/// starts them all: a worker's, or the one that carries a virtual thread, may end at any time.
///
/// @see <a href="https://man7.org/linux/man-pages/man2/pr_set_pdeathsig.2const.html">PR_SET_PDEATHSIG</a>
final class Launcher {
    private static final Path SETPRIV = Path.of("/usr/bin/setpriv");
    private static final ExecutorService THREAD = Executors.newSingleThreadExecutor(
            Thread.ofPlatform().daemon().name("launcher").factory());

    private Launcher() {}

    /// Where there is no `setpriv`, it isn't ended.
    ///
    /// @param builder whose command it is
    static Process start(ProcessBuilder builder) throws IOException, InterruptedException {
        if (Files.isExecutable(SETPRIV)) {
            var command = new ArrayList<>(List.of(SETPRIV.toString(), "--pdeathsig", "TERM", "--"));
            command.addAll(builder.command());
            builder.command(command);
        }
        try {
            return THREAD.submit(builder::start).get();
        } catch (ExecutionException e) {
            throw e.getCause() instanceof IOException why ? why : new IOException(e);
        }
    }
}
