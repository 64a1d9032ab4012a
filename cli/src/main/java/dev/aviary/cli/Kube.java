package dev.aviary.cli;

import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/// The cluster that the user means.
public final class Kube {
    private Kube() {}

    /// The one of the current `KUBECONFIG`, or of `~/.kube/config`.
    ///
    /// @throws Problem if it can't be reached, or doesn't let us in
    public static KubernetesClient current() {
        var named = Optional.ofNullable(System.getenv("KUBECONFIG")).filter(path -> !path.isBlank());
        named.map(Path::of).filter(path -> !Files.isReadable(path)).ifPresent(path -> {
            throw new Problem("KUBECONFIG names %s, which can't be read.".formatted(path));
        });
        var config = Config.autoConfigure(null);
        if (named.isEmpty() && config.getCurrentContext() == null && config.getOauthToken() == null) {
            throw new Problem(
                    "no cluster is named: set KUBECONFIG (`./aviary playground up` makes one and prints it).");
        }
        return checked(client(config));
    }

    public static KubernetesClient of(Path kubeconfig) {
        return client(Config.fromKubeconfig(kubeconfig.toFile()));
    }

    private static KubernetesClient client(Config config) {
        var patient = new ConfigBuilder(config)
                .withConnectionTimeout(5_000)
                .withRequestTimeout(10_000)
                .withRequestRetryBackoffLimit(2)
                .build();
        return new KubernetesClientBuilder().withConfig(patient).build();
    }

    private static KubernetesClient checked(KubernetesClient kube) {
        try {
            kube.getKubernetesVersion();
            return kube;
        } catch (KubernetesClientException e) {
            kube.close();
            throw problem(e, "the API server at " + kube.getMasterUrl());
        }
    }

    /// In one sentence.
    public static Problem problem(KubernetesClientException e, String what) {
        return switch (e.getCode()) {
            case 401 ->
                new Problem("%s doesn't know these credentials: check the user in your kubeconfig.".formatted(what));
            case 403 ->
                new Problem("%s refuses it: %s."
                        .formatted(
                                what,
                                Optional.ofNullable(e.getStatus())
                                        .map(status -> status.getMessage())
                                        .orElse("these credentials have no right to it")));
            case 404 -> new Problem("%s: not found.".formatted(what));
            default -> new Problem("%s can't be reached: %s.".formatted(what, root(e)));
        };
    }

    private static String root(Throwable failure) {
        var cause = failure;
        while (cause.getCause() != null) {
            cause = cause.getCause();
        }
        return Optional.ofNullable(cause.getMessage()).orElse(cause.getClass().getSimpleName());
    }
}
