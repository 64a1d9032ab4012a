package dev.aviary.analyzer;

import dev.aviary.analyzer.live.LiveObjects;
import dev.aviary.flagger.Canary;
import dev.aviary.flagger.MetricTemplate;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/// A cluster that holds what it is given.
public final class FakeLive implements LiveObjects {
    private final Map<String, Canary> canaries = new HashMap<>();
    private final Map<String, MetricTemplate> templates = new HashMap<>();
    private final Map<String, Map<String, String>> secrets = new HashMap<>();
    private boolean away;

    /// @param yaml of `shop/checkout`: its spec
    public FakeLive withCanary(String yaml) {
        canaries.put("shop/checkout", Serialization.unmarshal(yaml, Canary.class));
        return this;
    }

    public FakeLive withTemplate(String name, String yaml) {
        templates.put(name, Serialization.unmarshal(yaml, MetricTemplate.class));
        return this;
    }

    public FakeLive withSecret(String name, Map<String, String> data) {
        secrets.put(name, data);
        return this;
    }

    public FakeLive away() {
        away = true;
        return this;
    }

    @Override
    public Optional<Canary> canary(String namespace, String name) {
        return found(canaries, namespace, name);
    }

    @Override
    public Optional<MetricTemplate> template(String namespace, String name) {
        return found(templates, namespace, name);
    }

    @Override
    public Optional<Map<String, String>> secret(String namespace, String name) {
        return found(secrets, namespace, name);
    }

    @Override
    public Optional<String> problem(Optional<String> namespace) {
        return away ? Optional.of("The API server doesn't answer.") : Optional.empty();
    }

    private <T> Optional<T> found(Map<String, T> all, String namespace, String name) {
        if (away) {
            throw new UnavailableException("the API server doesn't answer", new IllegalStateException());
        }
        return Optional.ofNullable(all.get(namespace + "/" + name));
    }
}
