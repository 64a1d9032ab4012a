package dev.aviary.cli.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.aviary.cli.Problem;
import dev.aviary.eventlog.streams.FolderLock;
import dev.aviary.eventlog.topics.LogConnection;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
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
    void aFolderIsOnePipelinesAlone(@TempDir Path data) throws Exception {
        var settings = new Pipeline.Settings(
                Path.of("no-programs"),
                data,
                Optional.of(LogConnection.to("nowhere:9092")),
                Optional.empty(),
                0,
                "aviary.",
                (short) -1,
                "eu",
                "istio",
                "http://nowhere",
                Optional.empty(),
                Map.of(),
                Optional.empty(),
                0,
                Map.of());
        try (var _ = FolderLock.take(data, "./aviary up")) {
            assertThatThrownBy(() -> Pipeline.start(settings, _ -> {}))
                    .isInstanceOf(Problem.class)
                    .hasMessage(
                            "The folder %s is in use by another ./aviary up. Stop it, or take another folder.", data);
        }
    }

    @Test
    void theServicesKeepTheirNamesOverARestartAndAnotherPipelineHasOthers(@TempDir Path one, @TempDir Path other) {
        var first = Pipeline.instance(one);

        assertThat(first).matches("[0-9a-f]{8}").isEqualTo(Pipeline.instance(one));
        assertThat(Pipeline.instance(other)).isNotEqualTo(first);
    }
}
