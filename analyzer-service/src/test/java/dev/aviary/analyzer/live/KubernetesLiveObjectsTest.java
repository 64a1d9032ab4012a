package dev.aviary.analyzer.live;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.aviary.analyzer.HttpStub;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class KubernetesLiveObjectsTest {
    private final HttpStub server = new HttpStub();
    private final KubernetesClient like = new KubernetesClientBuilder()
            .withConfig(new ConfigBuilder().withMasterUrl(server.url()).build())
            .build();
    private final KubernetesLiveObjects live = new KubernetesLiveObjects(like, InstantSource.system());

    @Test
    void aSecretIsDecoded() {
        server.answers(200, "{\"kind\":\"Secret\",\"apiVersion\":\"v1\",\"data\":{\"token\":\"czNjcmV0\"}}");

        assertThat(live.secret("shop", "s")).contains(Map.of("token", "s3cret"));
        assertThat(server.asked().getFirst().path()).isEqualTo("/api/v1/namespaces/shop/secrets/s");
    }

    @Test
    void whatIsNotThereIsEmpty() {
        server.answers(404, "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"code\":404}");

        assertThat(live.canary("shop", "checkout")).isEmpty();
        assertThat(live.problem(Optional.empty())).isEmpty();
    }

    @Test
    void aMissingRightIsSaidWithItsRemedy() {
        server.answers(403, "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"code\":403}");

        assertThatThrownBy(() -> live.secret("shop", "s"))
                .isInstanceOf(LiveObjects.UnavailableException.class)
                .hasMessage("Secret shop/s can't be read: the API server doesn't let us; grant the verb get");
    }

    @Test
    void anApiServerThatIsAwayIsASentenceAndSoon() {
        server.close();

        assertThat(live.problem(Optional.of("shop")))
                .contains(
                        "Canaries can't be read at %s/: the API server doesn't answer. Check the kubeconfig and its rights."
                                .formatted(server.url()));
    }

    @AfterEach
    void stop() {
        live.close();
        like.close();
        server.close();
    }
}
