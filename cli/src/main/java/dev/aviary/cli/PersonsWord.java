package dev.aviary.cli;

import dev.aviary.flagger.Canary;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/// What a person says to a canary, as the annotations that Kubernetes verifies and the detector reads.
final class PersonsWord {
    private static final String ANNOTATION = "aviary.dev/command";

    private PersonsWord() {}

    /// @param more further words, by what follows `aviary.dev/command-`
    /// @return the id that it has on the log
    /// @throws Problem if Kubernetes doesn't take it
    static String say(KubernetesClient kube, CanaryName name, String verb, String why, Map<String, String> more) {
        var id = UUID.randomUUID().toString();
        var annotations = new HashMap<>(Map.of(
                ANNOTATION, verb, ANNOTATION + "-id", id, ANNOTATION + "-by", whoAmI(kube), ANNOTATION + "-why", why));
        more.forEach((word, value) -> annotations.put(ANNOTATION + "-" + word, value));
        var patch = Map.of("metadata", Map.of("annotations", annotations));
        try {
            kube.resources(Canary.class)
                    .inNamespace(name.namespace())
                    .withName(name.name())
                    .patch(PatchContext.of(PatchType.JSON_MERGE), Serialization.asJson(patch));
            return id;
        } catch (KubernetesClientException e) {
            throw Kube.problem(e, "Canary %s/%s".formatted(name.namespace(), name.name()));
        }
    }

    /// The user as the API server knows it: it lets a word pass only under that name.
    private static String whoAmI(KubernetesClient kube) {
        var review = "{\"apiVersion\":\"authentication.k8s.io/v1\",\"kind\":\"SelfSubjectReview\"}";
        try {
            var answer = kube.raw("/apis/authentication.k8s.io/v1/selfsubjectreviews", "POST", review);
            return Optional.ofNullable(
                            Serialization.unmarshal(answer, Map.class).get("status"))
                    .map(status -> ((Map<?, ?>) status).get("userInfo"))
                    .map(user -> ((Map<?, ?>) user).get("username"))
                    .map(Object::toString)
                    .orElseThrow(() -> new Problem("the API server doesn't say who you are."));
        } catch (KubernetesClientException e) {
            throw Kube.problem(e, "the API server, asked who you are,");
        }
    }
}
