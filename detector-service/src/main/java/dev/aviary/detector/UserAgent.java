package dev.aviary.detector;

import io.fabric8.kubernetes.client.Config;
import io.quarkus.kubernetes.client.KubernetesConfigCustomizer;
import jakarta.inject.Singleton;

/// So that the API server's audit log shows who asked.
@Singleton
public class UserAgent implements KubernetesConfigCustomizer {
    @Override
    public void customize(Config config) {
        config.setUserAgent("aviary-detector/0.1.0");
    }
}
