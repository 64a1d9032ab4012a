package dev.aviary.cli.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PipelineTest {
    @Test
    void noTwoServicesGetTheSamePort() {
        for (int round = 0; round < 50; round++) {
            assertThat(Pipeline.freePorts(100)).doesNotHaveDuplicates().allMatch(port -> port > 0);
        }
    }

    @Test
    void theServicesKeepTheirNamesOverARestartAndAnotherPipelineHasOthers(@TempDir Path one, @TempDir Path other) {
        var first = Pipeline.instance(one);

        assertThat(first).matches("[0-9a-f]{8}").isEqualTo(Pipeline.instance(one));
        assertThat(Pipeline.instance(other)).isNotEqualTo(first);
    }
}
