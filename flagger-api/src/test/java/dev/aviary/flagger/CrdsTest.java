package dev.aviary.flagger;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class CrdsTest {
    private static final Path FOLDER = Path.of("..", "k8s", "crds");

    @Test
    void theCrdsAreWhatOurClassesSay() throws IOException {
        if ("write".equals(System.getProperty("aviary.crds"))) {
            Crds.write(FOLDER);
        }
        for (var crd : Crds.all().entrySet()) {
            assertThat(Files.readString(FOLDER.resolve(crd.getKey())))
                    .as("k8s/crds/%s: write it anew with -Dtest=CrdsTest -Daviary.crds=write", crd.getKey())
                    .isEqualTo(crd.getValue());
        }
    }
}
