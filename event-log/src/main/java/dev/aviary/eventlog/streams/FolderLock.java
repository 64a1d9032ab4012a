package dev.aviary.eventlog.streams;

import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;

/// A folder that belongs to one process at a time, and to one user in it. The kernel lets it go when the process ends,
/// however it ends.
public final class FolderLock implements Closeable {
    /// Of this process: the kernel lets all of a process' locks of a file go as soon as that closes any handle of it,
    /// so no second one may be opened.
    private static final Set<Path> HELD = new HashSet<>();

    private final Path held;
    private final FileChannel file;

    private FolderLock(Path held, FileChannel file) {
        this.held = held;
        this.file = file;
    }

    /// @param folder is made if it isn't there
    /// @param user   what uses it, for who is refused: `broker`
    /// @throws IOException if it is in use, in a sentence, or can't be written
    public static FolderLock take(Path folder, String user) throws IOException {
        var held = Files.createDirectories(folder).toRealPath();
        synchronized (HELD) {
            var file = HELD.contains(held) ? Optional.<FileChannel>empty() : locked(held.resolve("in-use"));
            var lock = new FolderLock(
                    held,
                    file.orElseThrow(() ->
                            new IOException("The folder %s is in use by another %s. Stop it, or take another folder."
                                    .formatted(folder, user))));
            HELD.add(held);
            return lock;
        }
    }

    private static Optional<FileChannel> locked(Path name) throws IOException {
        var file = FileChannel.open(name, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        if (file.tryLock() != null) {
            return Optional.of(file);
        }
        file.close();
        return Optional.empty();
    }

    @Override
    public void close() throws IOException {
        synchronized (HELD) {
            HELD.remove(held);
            file.close();
        }
    }
}
