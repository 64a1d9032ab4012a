package dev.aviary.eventlog.streams;

import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/// A folder that belongs to one process at a time. The kernel lets it go when the process ends, however it ends.
public final class FolderLock implements Closeable {
    private final FileChannel file;

    private FolderLock(FileChannel file) {
        this.file = file;
    }

    /// @param folder is made if it isn't there
    /// @param user   what uses it, for who is refused: `broker`
    /// @throws IOException if it is in use, in a sentence, or can't be written
    public static FolderLock take(Path folder, String user) throws IOException {
        Files.createDirectories(folder);
        var file = FileChannel.open(folder.resolve("in-use"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        try {
            if (file.tryLock() != null) {
                return new FolderLock(file);
            }
        } catch (OverlappingFileLockException _) {
            // another one's in this process
        }
        file.close();
        throw new IOException(
                "The folder %s is in use by another %s. Stop it, or take another folder.".formatted(folder, user));
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
