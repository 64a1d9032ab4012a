package dev.aviary.router;

import dev.aviary.router.traffic.Standing;
import io.fabric8.kubernetes.client.Config;
import io.quarkus.kubernetes.client.KubernetesConfigCustomizer;
import jakarta.inject.Singleton;

/// The API server takes the field manager's name from it, so that people see who wrote a route.
@Singleton
public class UserAgent implements KubernetesConfigCustomizer {
    @Override
    public void customize(Config config) {
        config.setUserAgent(Standing.US + "/0.1.0");
    }
}
