package dev.aviary.flagger;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Istio's traffic policy, as far as Flagger's schema knows it; it goes into both DestinationRules as it is.
///
/// @see <a href="https://istio.io/latest/docs/reference/config/networking/destination-rule/#TrafficPolicy">Istio</a>
@JsonIgnoreProperties(ignoreUnknown = true)
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record TrafficPolicy(
        @Nullable ConnectionPool connectionPool,
        @Nullable LoadBalancer loadBalancer,
        @Nullable OutlierDetection outlierDetection,
        @Nullable Tls tls) {
    @JsonIgnoreProperties(ignoreUnknown = true)
    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    public record ConnectionPool(@Nullable Http http) {}

    @JsonIgnoreProperties(ignoreUnknown = true)
    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    public record Http(
            @Nullable String h2UpgradePolicy,
            @Nullable Integer http1MaxPendingRequests,
            @Nullable Integer http2MaxRequests,
            @Nullable String idleTimeout,
            @Nullable Integer maxRequestsPerConnection,
            @Nullable Integer maxRetries) {}

    @JsonIgnoreProperties(ignoreUnknown = true)
    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    public record LoadBalancer(
            @Nullable String simple,
            @Nullable ConsistentHash consistentHash,
            @Nullable LocalityLbSetting localityLbSetting,
            @Nullable String warmupDurationSecs) {}

    @JsonIgnoreProperties(ignoreUnknown = true)
    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    public record ConsistentHash(
            @Nullable HttpCookie httpCookie,
            @Nullable String httpHeaderName,
            @Nullable String httpQueryParameterName,
            @Nullable Boolean useSourceIp,
            @Nullable Integer minimumRingSize) {}

    @JsonIgnoreProperties(ignoreUnknown = true)
    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    public record HttpCookie(
            @Nullable String name,
            @Nullable String path,
            @Nullable String ttl) {}

    @JsonIgnoreProperties(ignoreUnknown = true)
    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    public record LocalityLbSetting(
            List<Distribute> distribute, @Nullable Boolean enabled, List<Failover> failover) {
        public LocalityLbSetting {
            distribute = Absent.orEmpty(distribute);
            failover = Absent.orEmpty(failover);
        }
    }

    @JsonIgnoreProperties(ignoreUnknown = true)
    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    public record Distribute(@Nullable String from, Map<String, Integer> to) {
        public Distribute {
            to = Absent.orEmpty(to);
        }
    }

    @JsonIgnoreProperties(ignoreUnknown = true)
    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    public record Failover(@Nullable String from, @Nullable String to) {}

    @JsonIgnoreProperties(ignoreUnknown = true)
    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    public record OutlierDetection(
            @Nullable String baseEjectionTime,
            @Nullable Integer consecutive5xxErrors,
            @Nullable Integer consecutiveErrors,
            @Nullable Integer consecutiveGatewayErrors,
            @Nullable Integer consecutiveLocalOriginFailures,
            @Nullable String interval,
            @Nullable Integer maxEjectionPercent,
            @Nullable Integer minHealthPercent,
            @Nullable Boolean splitExternalLocalOriginErrors) {}

    @JsonIgnoreProperties(ignoreUnknown = true)
    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    public record Tls(
            @Nullable String mode,
            @Nullable String caCertificates,
            @Nullable String clientCertificate,
            @Nullable String privateKey,
            @Nullable String sni,
            List<String> subjectAltNames) {
        public Tls {
            subjectAltNames = Absent.orEmpty(subjectAltNames);
        }
    }
}
