package dev.aviary.flagger;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonInclude;
import io.fabric8.generator.annotation.Required;
import io.fabric8.kubernetes.api.model.Namespaced;
import io.fabric8.kubernetes.client.CustomResource;
import io.fabric8.kubernetes.model.annotation.Group;
import io.fabric8.kubernetes.model.annotation.Kind;
import io.fabric8.kubernetes.model.annotation.Plural;
import io.fabric8.kubernetes.model.annotation.Singular;
import io.fabric8.kubernetes.model.annotation.Version;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A query of one's own, and where it is asked.
///
/// @see <a href="https://docs.flagger.app/usage/metrics#custom-metrics">Flagger: custom metrics</a>
@Group("flagger.app")
@Version("v1beta1")
@Kind("MetricTemplate")
@Plural("metrictemplates")
@Singular("metrictemplate")
public class MetricTemplate extends CustomResource<MetricTemplate.Spec, NoStatus> implements Namespaced {
    @Override
    protected @Nullable Spec initSpec() {
        return null;
    }

    @Override
    protected @Nullable NoStatus initStatus() {
        return null;
    }

    /// @param query a Go template
    @JsonIgnoreProperties(ignoreUnknown = true)
    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    public record Spec(
            @Required @Nullable Provider provider,
            @Required @Nullable String query) {}

    /// @param type               such as `prometheus`
    /// @param headers            several values each; only prometheus sends them
    /// @param secretRef          a Secret in the MetricTemplate's own namespace
    /// @param insecureSkipVerify of prometheus, graphite, externalmetrics
    @JsonIgnoreProperties(ignoreUnknown = true)
    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    public record Provider(
            @Required @Nullable String type,
            @Nullable String address,
            Map<String, List<String>> headers,
            @Nullable SecretRef secretRef,
            @Nullable String region,
            @Nullable Boolean insecureSkipVerify) {
        public Provider {
            headers = Absent.orEmpty(headers);
        }
    }
}
