package dev.aviary.systemtests;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/// Where this repository's files are.
final class Repository {
    static final Path ROOT = Stream.iterate(Path.of("").toAbsolutePath(), folder -> folder != null, Path::getParent)
            .filter(folder -> Files.exists(folder.resolve("mvnw")))
            .findFirst()
            .orElseThrow();

    private Repository() {}
}
