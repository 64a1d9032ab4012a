package dev.aviary.cli.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class PipelineTest {
    @Test
    void noTwoServicesGetTheSamePort() {
        for (int round = 0; round < 50; round++) {
            assertThat(Pipeline.freePorts(100)).doesNotHaveDuplicates().allMatch(port -> port > 0);
        }
    }
}
