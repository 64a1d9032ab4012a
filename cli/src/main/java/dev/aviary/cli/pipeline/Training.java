package dev.aviary.cli.pipeline;

import dev.aviary.cli.Problem;
import dev.aviary.cli.TemporaryFolder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/// Starts every service once before it counts, and keeps what its JVM learned by it: each later start takes half the
/// CPU. It is a start as any other, with a broker of its own and a cluster in which there is nothing.
///
/// What is kept holds for this JVM, its flags and these files. Where it doesn't fit, a service starts without.
///
/// @see <a href="https://openjdk.org/jeps/514">JEP 514</a>
public final class Training {
    /// After that a JVM that hangs over it is given up.
    static final Duration PATIENCE = Duration.ofSeconds(60);

    private static final String KEPT = "app.aot";

    private Training() {}

    /// @param arguments the folder, as in [Pipeline.Settings#dist]
    public static void main(String[] arguments) {
        run(Path.of(arguments[0]), System.err::println);
    }

    /// Does nothing where all have learned already, and is in nobody's way where it fails.
    ///
    /// @param dist as in [Pipeline.Settings#dist]
    public static void run(Path dist, Consumer<String> say) {
        if (Pipeline.SERVICES.stream().allMatch(name -> hasLearned(dist.resolve(name)))) {
            return;
        }
        long begin = System.nanoTime();
        say.accept("starting the services once, so that each later start takes half the time ...");
        try (var work = TemporaryFolder.create("aviary-training");
                var cluster = EmptyCluster.start()) {
            Pipeline.start(settings(dist, work.path(), cluster.kubeconfig(work.path())), true, _ -> {})
                    .close();
            say.accept("they have learned it (%s)".formatted(Pipeline.took(begin)));
        } catch (Problem | IOException | UncheckedIOException e) {
            say.accept("they will take longer to start: %s".formatted(e.getMessage()));
        }
    }

    /// What its JVM is told: to learn, or to use what it has learned.
    ///
    /// @param service its folder
    static Optional<String> flag(Path service, boolean training) {
        var kept = service.resolve(KEPT);
        if (training) {
            return Optional.of("-XX:AOTCacheOutput=" + kept);
        }
        return Files.exists(kept) ? Optional.of("-XX:AOTCache=" + kept) : Optional.empty();
    }

    /// Since it was built.
    private static boolean hasLearned(Path service) {
        try {
            var built = Files.getLastModifiedTime(service.resolve("quarkus-run.jar"));
            return Files.getLastModifiedTime(service.resolve(KEPT)).compareTo(built) >= 0;
        } catch (IOException _) {
            return false;
        }
    }

    private static Pipeline.Settings settings(Path dist, Path work, Path kubeconfig) {
        return new Pipeline.Settings(
                dist,
                work,
                Optional.empty(),
                Optional.empty(),
                0,
                "aviary.",
                (short) -1,
                "training",
                "gatewayapi:v1",
                "http://127.0.0.1:1",
                Optional.empty(),
                Map.of("", kubeconfig),
                Optional.empty(),
                0,
                Map.of());
    }
}
