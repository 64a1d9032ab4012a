package dev.aviary.router.reconcile;

import io.fabric8.kubernetes.client.KubernetesClientException;
import java.util.Optional;

/// What the API server meant, in a sentence that is the same at every try.
public final class Refusal {
    private Refusal() {}

    static String words(RuntimeException refused) {
        return Optional.ofNullable(refused.getMessage()).orElseGet(refused::toString);
    }

    public static String sentence(KubernetesClientException refused) {
        if (refused.getStatus() != null && refused.getStatus().getMessage() != null) {
            return "the API server refused it with %d: %s"
                    .formatted(refused.getCode(), refused.getStatus().getMessage());
        }
        if (refused.getCode() > 0) {
            return "the API server refused it with %d".formatted(refused.getCode());
        }
        return "the API server can't be reached: "
                + Optional.ofNullable(refused.getCause())
                        .map(Throwable::getMessage)
                        .orElseGet(() -> words(refused));
    }
}
