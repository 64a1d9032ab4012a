package dev.aviary.eventlog.topics;

import static org.junit.jupiter.api.Assumptions.abort;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import org.testcontainers.DockerClientFactory;
import org.testcontainers.containers.ContainerFetchException;
import org.testcontainers.kafka.KafkaContainer;

/// Apache's own image. Who asks for it is skipped, and reported so, where no container engine or no image is.
public final class KafkaInAContainer {
    private KafkaInAContainer() {}

    public static KafkaContainer start() {
        assumeTrue(DockerClientFactory.instance().isDockerAvailable(), "no container engine here");
        var kafka = new KafkaContainer("apache/kafka:4.1.1");
        try {
            kafka.start();
        } catch (ContainerFetchException e) {
            kafka.close();
            abort("the image can't be fetched: " + e.getMessage());
        }
        return kafka;
    }
}
