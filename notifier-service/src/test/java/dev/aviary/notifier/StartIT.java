package dev.aviary.notifier;

import static org.assertj.core.api.Assertions.assertThat;

import dev.aviary.eventlog.streams.EmbeddedBroker;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The packaged service as a process of its own.
class StartIT {
    @TempDir
    Path dir;

    @Test
    void aBrokerThatIsAwayIsOneSentenceAndAnExitStatus() throws Exception {
        assertThat(sentences("127.0.0.1:1"))
                .singleElement()
                .asString()
                .startsWith("notifier: Kafka at 127.0.0.1:1 doesn't answer");
    }

    @Test
    void anApiServerThatIsAwayIsOneSentenceAndAnExitStatus() throws Exception {
        try (var broker = EmbeddedBroker.start(dir.resolve("broker"), 0)) {
            assertThat(sentences(broker.bootstrapServers()))
                    .singleElement()
                    .asString()
                    .startsWith("notifier: Canaries can't be watched at https://127.0.0.1:1");
        }
    }

    /// What it prints beside its log, which is JSON.
    private List<String> sentences(String bootstrap) throws IOException, InterruptedException {
        var log = dir.resolve("notifier.log");
        var process = new ProcessBuilder(
                        ProcessHandle.current().info().command().orElseThrow(),
                        "-Daviary.notifier.bootstrap-servers=" + bootstrap,
                        "-Dquarkus.kubernetes-client.api-server-url=https://127.0.0.1:1",
                        "-Dquarkus.http.host=127.0.0.1",
                        "-Dquarkus.http.port=0",
                        "-Dquarkus.otel.sdk.disabled=true",
                        "-jar",
                        "target/quarkus-app/quarkus-run.jar")
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        try {
            assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        } finally {
            process.destroyForcibly();
        }
        assertThat(process.exitValue()).isEqualTo(1);
        return java.nio.file.Files.readAllLines(log).stream()
                .filter(line -> !line.startsWith("{"))
                .toList();
    }
}
