package dev.aviary.router.traffic;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.Resource;
import jakarta.enterprise.context.ApplicationScoped;
import java.net.HttpURLConnection;
import java.util.HashMap;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.ToIntFunction;

/// The only class that writes what the router owns. Each write carries the `seq` of its decision and the resource
/// version that was read with it: a smaller `seq` loses; an equal one may lower the canary, never raise it.
@ApplicationScoped
public class FencedWriter {
    /// Somebody else's write in between, such as a Deployment's status, asks for another look; the fence is checked
    /// at each.
    private static final int LOOKS = 6;

    private static final ObjectMapper JSON = new ObjectMapper();

    private final KubernetesClient kube;

    public FencedWriter(KubernetesClient kube) {
        this.kube = kube;
    }

    /// Writes, if only the fence: nobody older comes after it.
    ///
    /// @param exposure how much traffic the object gives the canary; zero for what gives none
    /// @param change   from what was found, nothing if it isn't there, to what is wanted; may be called again
    /// @return as the API server has it now
    /// @throws StaleWriterException if it is refused
    public <T extends HasMetadata> T write(
            Resource<T> at, Fence fence, ToIntFunction<T> exposure, Function<Optional<T>, T> change) {
        return write(at, fence, exposure, change, true);
    }

    /// Writes only if something else than the fence differs: for what no older decision could spoil.
    public <T extends HasMetadata> T keep(Resource<T> at, Fence fence, Function<Optional<T>, T> change) {
        return write(at, fence, _ -> 0, change, false);
    }

    private <T extends HasMetadata> T write(
            Resource<T> at, Fence fence, ToIntFunction<T> exposure, Function<Optional<T>, T> change, boolean marks) {
        for (int look = 1; ; look++) {
            try {
                return attempt(at, fence, exposure, change, marks);
            } catch (KubernetesClientException refused) {
                if (refused.getCode() != HttpURLConnection.HTTP_CONFLICT || look == LOOKS) {
                    throw refused;
                }
            }
        }
    }

    private <T extends HasMetadata> T attempt(
            Resource<T> at, Fence fence, ToIntFunction<T> exposure, Function<Optional<T>, T> change, boolean marks) {
        var found = Optional.ofNullable(at.get());
        if (found.isEmpty()) {
            return kube.resource(marked(change.apply(found), fence)).create();
        }
        var there = found.get();
        long theirs = Fence.of(there);
        if (theirs > fence.seq()) {
            throw new StaleWriterException(name(there), fence, theirs);
        }
        var before = tree(there);
        var wanted = change.apply(found);
        boolean same = tree(wanted).equals(before);
        if (same && (theirs == fence.seq() || !marks)) {
            return there; // our own write, whose answer was lost; or so already
        }
        if (theirs == fence.seq() && exposure.applyAsInt(wanted) > exposure.applyAsInt(there)) {
            throw new StaleWriterException(name(there), fence, theirs);
        }
        return kube.resource(marked(wanted, fence)).lockResourceVersion().update();
    }

    private static <T extends HasMetadata> T marked(T wanted, Fence fence) {
        var annotations = new HashMap<>(
                Optional.ofNullable(wanted.getMetadata().getAnnotations()).orElseGet(HashMap::new));
        annotations.put(Fence.ANNOTATION, Long.toString(fence.seq()));
        wanted.getMetadata().setAnnotations(annotations);
        return wanted;
    }

    /// As it would be sent, so that an absent list and an empty one are the same.
    private JsonNode tree(HasMetadata object) {
        try {
            var tree = JSON.readTree(kube.getKubernetesSerialization().asJson(object));
            if (tree.path("metadata") instanceof ObjectNode metadata) {
                metadata.remove("managedFields");
            }
            return tree;
        } catch (JsonProcessingException bug) {
            throw new IllegalStateException(name(object) + " can't be written as JSON", bug);
        }
    }

    private static String name(HasMetadata object) {
        return "%s %s/%s"
                .formatted(
                        object.getKind(),
                        object.getMetadata().getNamespace(),
                        object.getMetadata().getName());
    }
}
