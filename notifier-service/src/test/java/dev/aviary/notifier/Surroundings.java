package dev.aviary.notifier;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.aviary.eventlog.streams.EmbeddedBroker;
import dev.aviary.playground.Playground;
import io.quarkus.test.common.QuarkusTestResourceLifecycleManager;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.util.Map;
import java.util.Objects;

/// A broker and an API server, and the notifier's settings for them.
public final class Surroundings implements QuarkusTestResourceLifecycleManager {
    private EmbeddedBroker broker;
    private Playground playground;

    @Override
    public Map<String, String> start() {
        try {
            broker = EmbeddedBroker.start(Files.createTempDirectory("notifier-broker"), 0);
            playground = Playground.minimal();
            try (var crds = Objects.requireNonNull(getClass().getResourceAsStream("/flagger-crds.yaml"))) {
                playground.apply(new String(crds.readAllBytes(), UTF_8));
            }
            playground.kubectl("wait", "--for=condition=Established", "--timeout=30s", "crd/canaries.flagger.app");
            playground.kubectl(
                    "wait", "--for=condition=Established", "--timeout=30s", "crd/alertproviders.flagger.app");
            return Map.of(
                    "aviary.notifier.bootstrap-servers",
                    broker.bootstrapServers(),
                    "aviary.notifier.cluster-name",
                    "eu",
                    "aviary.notifier.instance-id",
                    "notifier-0",
                    "aviary.notifier.webhook-url",
                    "http://127.0.0.1:" + freePort() + "/alerts",
                    "aviary.notifier.retry-first",
                    "100ms",
                    "aviary.notifier.retry-most",
                    "200ms",
                    "quarkus.kubernetes-client.api-server-url",
                    playground.url().toString(),
                    "quarkus.kubernetes-client.token",
                    playground.token(),
                    "quarkus.kubernetes-client.ca-cert-file",
                    playground.certificateAuthority().toString());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static int freePort() throws IOException {
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    @Override
    public void stop() {
        if (playground != null) {
            playground.close();
        }
        if (broker != null) {
            try {
                broker.close();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
