package dev.aviary.flagger;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonInclude;
import io.fabric8.generator.annotation.Min;
import io.fabric8.generator.annotation.Required;
import io.fabric8.kubernetes.api.model.Namespaced;
import io.fabric8.kubernetes.client.CustomResource;
import io.fabric8.kubernetes.model.annotation.Group;
import io.fabric8.kubernetes.model.annotation.Kind;
import io.fabric8.kubernetes.model.annotation.Plural;
import io.fabric8.kubernetes.model.annotation.Singular;
import io.fabric8.kubernetes.model.annotation.Version;
import java.math.BigDecimal;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// How a team wants new versions of one workload released.
///
/// @see <a href="https://docs.flagger.app/usage/how-it-works#canary-resource">Flagger: the Canary resource</a>
@Group("flagger.app")
@Version("v1beta1")
@Kind("Canary")
@Plural("canaries")
@Singular("canary")
public class Canary extends CustomResource<Canary.Spec, CanaryStatus> implements Namespaced {
    @Override
    protected @Nullable Spec initSpec() {
        return null;
    }

    @Override
    protected @Nullable CanaryStatus initStatus() {
        return null;
    }

    /// @param provider                names the traffic router; absent: the service's default
    /// @param metricsServer           Prometheus' URL; absent: the service's default
    /// @param progressDeadlineSeconds absent: 600
    /// @param service                 absent only for Knative targets
    @JsonIgnoreProperties(ignoreUnknown = true)
    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    public record Spec(
            @Nullable String provider,
            @Nullable String metricsServer,
            @Nullable BigDecimal progressDeadlineSeconds,
            @Nullable Boolean skipAnalysis,
            @Nullable Boolean revertOnDeletion,
            @Nullable Boolean suspend,
            @Required @Nullable ObjectRef targetRef,
            @Nullable AutoscalerRef autoscalerRef,
            @Nullable ObjectRef ingressRef,
            @Nullable ObjectRef routeRef,
            @Nullable UpstreamRef upstreamRef,
            @Nullable CanaryService service,
            @Required @Nullable CanaryAnalysis analysis) {}

    /// An object of the Canary's own namespace.
    @JsonIgnoreProperties(ignoreUnknown = true)
    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    public record ObjectRef(
            @Required @Nullable String apiVersion,
            @Required @Nullable String kind,
            @Required @Nullable String name) {}

    /// @param primaryScalerQueries by name of a KEDA trigger
    @JsonIgnoreProperties(ignoreUnknown = true)
    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    public record AutoscalerRef(
            @Required @Nullable String apiVersion,
            @Required @Nullable String kind,
            @Required @Nullable String name,
            Map<String, String> primaryScalerQueries,
            @Nullable ScalerReplicas primaryScalerReplicas) {
        public AutoscalerRef {
            primaryScalerQueries = Absent.orEmpty(primaryScalerQueries);
        }
    }

    /// What replaces the target's own bounds in the primary's scaler.
    @JsonIgnoreProperties(ignoreUnknown = true)
    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    public record ScalerReplicas(
            @Min(1) @Nullable Integer minReplicas,
            @Min(1) @Nullable Integer maxReplicas) {}

    @JsonIgnoreProperties(ignoreUnknown = true)
    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    public record UpstreamRef(
            @Required @Nullable String apiVersion,
            @Required @Nullable String kind,
            @Required @Nullable String name,
            @Nullable String namespace) {}

    /// An object of Flagger's, in this Canary's namespace unless it names another.
    @JsonIgnoreProperties(ignoreUnknown = true)
    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    public record CrossNamespaceRef(
            @Required @Nullable String name, @Nullable String namespace) {}
}
