package dev.aviary.flagger;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonInclude;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.Required;
import java.math.BigDecimal;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// How a new revision is judged: steps, metrics, webhooks, alerts. The schema wants `interval`, `threshold` and exactly
/// one of `iterations`, `stepWeight`, `stepWeights`.
///
/// @param interval  such as `1m`
/// @param threshold failed checks that take the rollout back
@JsonIgnoreProperties(ignoreUnknown = true)
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record CanaryAnalysis(
        @Nullable String interval,
        @Nullable BigDecimal iterations,
        @Nullable BigDecimal threshold,
        @Nullable BigDecimal maxWeight,
        @Nullable BigDecimal stepWeight,
        @Nullable BigDecimal stepWeightPromotion,
        List<BigDecimal> stepWeights,
        @Nullable BigDecimal mirrorWeight,
        @Nullable Boolean mirror,
        @Nullable BigDecimal primaryReadyThreshold,
        @Nullable BigDecimal canaryReadyThreshold,
        List<Match> match,
        List<Metric> metrics,
        List<Alert> alerts,
        List<Webhook> webhooks,
        @Nullable SessionAffinity sessionAffinity) {
    public CanaryAnalysis {
        stepWeights = Absent.orEmpty(stepWeights);
        match = Absent.orEmpty(match);
        metrics = Absent.orEmpty(metrics);
        alerts = Absent.orEmpty(alerts);
        webhooks = Absent.orEmpty(webhooks);
    }

    /// Which requests go to the canary in an A/B test.
    @JsonIgnoreProperties(ignoreUnknown = true)
    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    public record Match(
            Map<String, StringMatch.WithSuffix> headers,
            Map<String, StringMatch> queryParams,
            Map<String, String> sourceLabels) {
        public Match {
            headers = Absent.orEmpty(headers);
            queryParams = Absent.orEmpty(queryParams);
            sourceLabels = Absent.orEmpty(sourceLabels);
        }
    }

    /// @param threshold deprecated by `thresholdRange`: the least success rate in percent, of anything else the most
    /// @param query     deprecated by `templateRef`: PromQL, a Go template
    @JsonIgnoreProperties(ignoreUnknown = true)
    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    public record Metric(
            @Required @Nullable String name,
            @Nullable String interval,
            @Nullable BigDecimal threshold,
            @Nullable ThresholdRange thresholdRange,
            @Nullable String query,
            Canary.@Nullable CrossNamespaceRef templateRef,
            Map<String, String> templateVariables) {
        public Metric {
            templateVariables = Absent.orEmpty(templateVariables);
        }
    }

    /// Both ends included.
    @JsonIgnoreProperties(ignoreUnknown = true)
    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    public record ThresholdRange(
            @Nullable BigDecimal min, @Nullable BigDecimal max) {}

    /// @param severity the least that is sent: info, warn, error; absent or empty: info
    @JsonIgnoreProperties(ignoreUnknown = true)
    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    public record Alert(
            @Required @Nullable String name,
            @Nullable String severity,
            @Required Canary.@Nullable CrossNamespaceRef providerRef) {}

    /// @param type     empty: rollout
    /// @param timeout  of each try; absent: 10s
    /// @param retries  after the first try; absent: 0
    /// @param metadata is sent with each call
    @JsonIgnoreProperties(ignoreUnknown = true)
    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    public record Webhook(
            @Required @Nullable String name,
            @Required @Nullable String url,
            @Nullable String type,
            @Nullable Boolean muteAlert,
            @Nullable String timeout,
            @Nullable BigDecimal retries,
            @Nullable Boolean disableTLS,
            Map<String, String> metadata) {
        public Webhook {
            metadata = Absent.orEmpty(metadata);
        }
    }

    @JsonIgnoreProperties(ignoreUnknown = true)
    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    public record SessionAffinity(
            @Required @Nullable String cookieName,
            @Nullable String primaryCookieName,
            @Nullable String domain,
            @Nullable String path,
            @Nullable Boolean httpOnly,
            @Nullable Boolean partitioned,
            @Nullable Boolean secure,
            @Default("86400") @Nullable BigDecimal maxAge,
            @Nullable String sameSite) {}
}
