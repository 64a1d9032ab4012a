package dev.aviary.flagger;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonInclude;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.Max;
import io.fabric8.generator.annotation.Min;
import io.fabric8.generator.annotation.Required;
import io.fabric8.kubernetes.api.model.IntOrString;
import java.math.BigDecimal;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The Services and the route that are generated for a Canary.
///
/// @param name       of the Service that clients use; absent: the target's name
/// @param port       of the three Services
/// @param portName   absent: http
/// @param targetPort number or name; absent: `port`
@JsonIgnoreProperties(ignoreUnknown = true)
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record CanaryService(
        @Nullable String name,
        @Required @Nullable BigDecimal port,
        @Nullable String portName,
        @Nullable IntOrString targetPort,
        @Nullable String appProtocol,
        @Nullable String trafficDistribution,
        @Nullable Boolean portDiscovery,
        @Nullable Boolean headless,
        @Nullable Boolean delegation,
        @Nullable String timeout,
        @Nullable String backendTimeout,
        @Nullable String meshName,
        List<String> backends,
        List<String> hosts,
        List<String> gateways,
        List<GatewayRef> gatewayRefs,
        List<RequestMatch> match,
        @Nullable Rewrite rewrite,
        @Nullable Retries retries,
        @Nullable Headers headers,
        List<Mirror> mirror,
        @Nullable CorsPolicy corsPolicy,
        @Nullable TrafficPolicy trafficPolicy,
        @Nullable Metadata apex,
        @Nullable Metadata primary,
        @Nullable Metadata canary,
        @Nullable UnmanagedMetadata unmanagedMetadata) {
    public CanaryService {
        backends = Absent.orEmpty(backends);
        hosts = Absent.orEmpty(hosts);
        gateways = Absent.orEmpty(gateways);
        gatewayRefs = Absent.orEmpty(gatewayRefs);
        match = Absent.orEmpty(match);
        mirror = Absent.orEmpty(mirror);
    }

    /// A Gateway API ParentReference.
    @JsonIgnoreProperties(ignoreUnknown = true)
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record GatewayRef(
            @Default("gateway.networking.k8s.io") String group,
            @Default("Gateway") String kind,
            @Required @Nullable String name,
            @Nullable String namespace,
            @Nullable String sectionName,
            @Min(1) @Max(65535) @Nullable Integer port) {
        // absent in a manifest that no API server has seen
        public GatewayRef {
            group = group == null ? "gateway.networking.k8s.io" : group;
            kind = kind == null ? "Gateway" : kind;
        }
    }

    /// Istio's HTTPMatchRequest, as the base route's match.
    @JsonIgnoreProperties(ignoreUnknown = true)
    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    public record RequestMatch(
            @Nullable String name,
            @Nullable StringMatch uri,
            @Nullable StringMatch scheme,
            @Nullable StringMatch method,
            @Nullable StringMatch authority,
            Map<String, StringMatch> headers,
            @Nullable Integer port,
            Map<String, String> sourceLabels,
            List<String> gateways,
            Map<String, StringMatch> queryParams,
            @Nullable Boolean ignoreUriCase,
            Map<String, StringMatch> withoutHeaders,
            @Nullable String sourceNamespace) {
        public RequestMatch {
            headers = Absent.orEmpty(headers);
            sourceLabels = Absent.orEmpty(sourceLabels);
            gateways = Absent.orEmpty(gateways);
            queryParams = Absent.orEmpty(queryParams);
            withoutHeaders = Absent.orEmpty(withoutHeaders);
        }
    }

    /// @param type ReplacePrefixMatch; anything else, or absent: ReplaceFullPath
    @JsonIgnoreProperties(ignoreUnknown = true)
    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    public record Rewrite(
            @Nullable String uri,
            @Nullable String authority,
            @Nullable String type) {}

    @JsonIgnoreProperties(ignoreUnknown = true)
    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    public record Retries(
            @Nullable Integer attempts,
            @Nullable String perTryTimeout,
            @Nullable String retryOn) {}

    @JsonIgnoreProperties(ignoreUnknown = true)
    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    public record Headers(
            @Nullable HeaderOperations request, @Nullable HeaderOperations response) {}

    @JsonIgnoreProperties(ignoreUnknown = true)
    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    public record HeaderOperations(Map<String, String> add, Map<String, String> set, List<String> remove) {
        public HeaderOperations {
            add = Absent.orEmpty(add);
            set = Absent.orEmpty(set);
            remove = Absent.orEmpty(remove);
        }
    }

    /// A third party that gets a copy of every request, always.
    @JsonIgnoreProperties(ignoreUnknown = true)
    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    public record Mirror(@Nullable BackendRef backendRef) {}

    @JsonIgnoreProperties(ignoreUnknown = true)
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record BackendRef(
            String group,
            @Default("Service") String kind,
            @Required @Nullable String name,
            @Nullable String namespace,
            @Min(1) @Max(65535) @Nullable Integer port) {
        // absent in a manifest that no API server has seen
        public BackendRef {
            group = group == null ? "" : group;
            kind = kind == null ? "Service" : kind;
        }
    }

    @JsonIgnoreProperties(ignoreUnknown = true)
    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    public record CorsPolicy(
            @Nullable Boolean allowCredentials,
            List<String> allowHeaders,
            List<String> allowMethods,
            List<String> allowOrigin,
            List<StringMatch> allowOrigins,
            List<String> exposeHeaders,
            @Nullable String maxAge) {
        public CorsPolicy {
            allowHeaders = Absent.orEmpty(allowHeaders);
            allowMethods = Absent.orEmpty(allowMethods);
            allowOrigin = Absent.orEmpty(allowOrigin);
            allowOrigins = Absent.orEmpty(allowOrigins);
            exposeHeaders = Absent.orEmpty(exposeHeaders);
        }
    }

    /// What a generated Service is to carry.
    @JsonIgnoreProperties(ignoreUnknown = true)
    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    public record Metadata(Map<String, String> labels, Map<String, String> annotations) {
        public Metadata {
            labels = Absent.orEmpty(labels);
            annotations = Absent.orEmpty(annotations);
        }
    }

    /// Keys that are left alone on the generated objects.
    @JsonIgnoreProperties(ignoreUnknown = true)
    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    public record UnmanagedMetadata(List<String> annotations, List<String> labels) {
        public UnmanagedMetadata {
            annotations = Absent.orEmpty(annotations);
            labels = Absent.orEmpty(labels);
        }
    }
}
