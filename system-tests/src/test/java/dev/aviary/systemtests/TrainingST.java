package dev.aviary.systemtests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.aviary.cli.pipeline.ServiceProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/// What a service's JVM learned at the first start is what it runs with. A JVM that can't use it would say so and start
/// without.
class TrainingST {
    private static final RealWorld WORLD = RealWorld.shared();

    @Test
    void everyServiceRunsWithWhatItLearned() {
        assertThat(WORLD.pipeline().services()).hasSize(4).allSatisfy(service -> {
            // On a machine that is too slow nothing is kept.
            assumeThat(WORLD.dist().resolve(service.name()).resolve("app.aot")).exists();
            assertThat(mapped(service)).contains("/app.aot");
            assertThat(service.logFile()).content().doesNotContain("[error][aot]");
        });
    }

    private static String mapped(ServiceProcess service) throws IOException {
        return Files.readString(Path.of("/proc/%d/maps".formatted(service.pid())));
    }
}
