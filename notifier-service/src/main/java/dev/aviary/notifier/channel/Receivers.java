package dev.aviary.notifier.channel;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.aviary.flagger.AlertProvider;
import dev.aviary.notifier.NotifierConfig;
import dev.aviary.notifier.alert.Addressing;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.Base64;
import java.util.Optional;

/// Reads where a receiver is from the live AlertProvider and its Secret, each time: a rotated token holds at once.
@ApplicationScoped
public class Receivers {
    private static final String CHANNEL = "general";
    private static final String USERNAME = "flagger";

    /// Where it is, or why that isn't known; it may be put right, so it is asked again.
    public sealed interface Sought {}

    public record Found(Receiver receiver) implements Sought {}

    public record Missing(String why) implements Sought {}

    private final KubernetesClient kubernetes;
    private final NotifierConfig config;

    public Receivers(KubernetesClient kubernetes, NotifierConfig config) {
        this.kubernetes = kubernetes;
        this.config = config;
    }

    /// @param provider `namespace/name`, or one of the settings'
    public Sought find(String provider) {
        return switch (provider) {
            case Addressing.SLACK ->
                config.slackUrl()
                        .<Sought>map(url -> new Found(new Receiver(
                                "slack",
                                url,
                                config.slackChannel(),
                                config.slackUser(),
                                config.slackProxyUrl(),
                                Optional.empty())))
                        .orElse(new Missing("aviary.notifier.slack-url isn't set any more"));
            case Addressing.WEBHOOK ->
                config.webhookUrl()
                        .<Sought>map(url -> new Found(
                                new Receiver("webhook", url, CHANNEL, USERNAME, Optional.empty(), Optional.empty())))
                        .orElse(new Missing("aviary.notifier.webhook-url isn't set any more"));
            default -> ofProvider(provider);
        };
    }

    private Sought ofProvider(String provider) {
        int slash = provider.indexOf('/');
        var namespace = provider.substring(0, slash);
        try {
            var found = Optional.ofNullable(kubernetes
                    .resources(AlertProvider.class)
                    .inNamespace(namespace)
                    .withName(provider.substring(slash + 1))
                    .get());
            return found.flatMap(live -> Optional.ofNullable(live.getSpec()))
                    .map(spec -> ofSpec(provider, namespace, spec))
                    .orElseGet(() -> new Missing("AlertProvider %s doesn't exist".formatted(provider)));
        } catch (KubernetesClientException e) {
            return new Missing("AlertProvider %s or its Secret can't be read: %d".formatted(provider, e.getCode()));
        }
    }

    private Sought ofSpec(String provider, String namespace, AlertProvider.Spec spec) {
        var reference = Optional.ofNullable(spec.secretRef()).flatMap(ref -> Optional.ofNullable(ref.name()));
        var secret = reference.flatMap(name -> Optional.ofNullable(
                kubernetes.secrets().inNamespace(namespace).withName(name).get()));
        if (reference.isPresent() && secret.isEmpty()) {
            return new Missing("AlertProvider %s: Secret %s doesn't exist".formatted(provider, reference.get()));
        }
        return secret.flatMap(of -> value(of, "address"))
                .or(() -> Optional.ofNullable(spec.address()).filter(address -> !address.isBlank()))
                .<Sought>map(address -> new Found(new Receiver(
                        Optional.ofNullable(spec.type()).orElse(""),
                        address,
                        filled(Optional.ofNullable(spec.channel()), CHANNEL),
                        filled(Optional.ofNullable(spec.username()), USERNAME),
                        Optional.ofNullable(spec.proxy()).filter(proxy -> !proxy.isBlank()),
                        secret.flatMap(of -> value(of, "token")))))
                .orElseGet(() -> new Missing(
                        "AlertProvider %s has no address, nor has its Secret a key \"address\"".formatted(provider)));
    }

    private static String filled(Optional<String> value, String otherwise) {
        return value.filter(text -> !text.isBlank()).orElse(otherwise);
    }

    private static Optional<String> value(Secret secret, String key) {
        return Optional.ofNullable(secret.getData())
                .flatMap(data -> Optional.ofNullable(data.get(key)))
                .map(encoded -> new String(Base64.getDecoder().decode(encoded), UTF_8).strip())
                .filter(value -> !value.isEmpty());
    }
}
