package dev.aviary.cli;

import dev.aviary.events.OperatorCommanded.Verb;
import dev.aviary.flagger.Canary;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// A person's word to a canary: four annotations, which Kubernetes verifies. One class for all verbs: they differ in
/// a word. Plain kubectl does the same:
/// `kubectl annotate --overwrite canary NAME aviary.dev/command=pause aviary.dev/command-id=$RANDOM
/// aviary.dev/command-by=ME aviary.dev/command-why=…`
@Command(mixinStandardHelpOptions = true, description = "Say it to a canary.")
final class OperatorCommand implements Callable<Integer> {
    private final Verb verb;

    @Parameters(index = "0", paramLabel = "NAMESPACE/NAME", description = "The canary.")
    String canary = "";

    @Option(names = "--why", description = "In your words; stands in the log.", defaultValue = "")
    String why = "";

    OperatorCommand(Verb verb) {
        this.verb = verb;
    }

    @Override
    public Integer call() {
        var name = CanaryName.of(canary);
        try (var kube = Kube.current()) {
            say(kube, name);
        }
        System.out.printf("%s: %s said. `./aviary audit %s` shows what came of it.%n", canary, verb.word(), canary);
        return 0;
    }

    private void say(KubernetesClient kube, CanaryName name) {
        var annotations = Map.of(
                "aviary.dev/command", verb.word(),
                "aviary.dev/command-id", UUID.randomUUID().toString(),
                "aviary.dev/command-by", whoAmI(kube),
                "aviary.dev/command-why", why);
        var patch = Map.of("metadata", Map.of("annotations", annotations));
        try {
            kube.resources(Canary.class)
                    .inNamespace(name.namespace())
                    .withName(name.name())
                    .patch(PatchContext.of(PatchType.JSON_MERGE), Serialization.asJson(patch));
        } catch (KubernetesClientException e) {
            throw Kube.problem(e, "Canary " + canary);
        }
    }

    /// The user as the API server knows it: it lets a command pass only under that name.
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
