package dev.aviary.systemtests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// `docker-compose.yml`, as docker-compose reads it; it is not started here.
class ComposeFileIT {
    private static final String BINARY = "docker-compose";

    @BeforeEach
    void needsDockerCompose() {
        var found = Stream.of(System.getenv().getOrDefault("PATH", "").split(":"))
                .anyMatch(folder -> Files.isExecutable(Path.of(folder, BINARY)));
        assumeTrue(found, "skipped: docker-compose is not on the PATH (Debian: apt-get install docker-compose)");
    }

    @Test
    void namesKafkaPrometheusAndTheFourServices() throws Exception {
        var read = config("/home/ada/.kube/config");

        assertThat(read.status()).as(read.said()).isZero();
        assertThat(read.said())
                .contains("apache/kafka:4.1.1", "prom/prometheus:")
                .contains("aviary/detector:0.1.0", "aviary/router:0.1.0")
                .contains("aviary/analyzer:0.1.0", "aviary/notifier:0.1.0")
                .contains("/home/ada/.kube/config");
    }

    @Test
    void saysWhatIsMissingWithoutAKubeconfig() throws Exception {
        var read = config("");

        assertThat(read.status()).isNotZero();
        assertThat(read.said()).contains("name the cluster");
    }

    private record Read(int status, String said) {}

    private static Read config(String kubeconfig) throws IOException, InterruptedException {
        var builder = new ProcessBuilder(List.of(BINARY, "config"))
                .directory(Repository.ROOT.toFile())
                .redirectErrorStream(true);
        builder.environment().put("KUBECONFIG", kubeconfig);
        var process = builder.start();
        var said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Read(process.waitFor(), said);
    }
}
