package dev.aviary.flagger;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonInclude;
import io.fabric8.generator.annotation.Required;
import java.math.BigDecimal;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// What people and tools read of a rollout; the router writes it.
///
/// @param trackedConfigs   checksum by `configmap/name` or `secret/name`
/// @param lastAppliedSpec  Flagger's hash, or Aviary's revision
/// @param lastPromotedSpec the same
@JsonIgnoreProperties(ignoreUnknown = true)
@JsonInclude(JsonInclude.Include.NON_NULL)
public record CanaryStatus(
        @Nullable String phase,
        @Nullable BigDecimal failedChecks,
        @Nullable BigDecimal canaryWeight,
        @Nullable BigDecimal iterations,
        @JsonInclude(JsonInclude.Include.NON_EMPTY) Map<String, String> trackedConfigs,
        @Nullable String lastAppliedSpec,
        @Nullable String lastPromotedSpec,
        @Nullable String lastTransitionTime,
        @Nullable String sessionAffinityCookie,
        @Nullable String primarySessionAffinityCookie,
        @Nullable String previousSessionAffinityCookie,
        @JsonInclude(JsonInclude.Include.NON_EMPTY) List<Condition> conditions) {
    public CanaryStatus {
        trackedConfigs = Absent.orEmpty(trackedConfigs);
        conditions = Absent.orEmpty(conditions);
    }

    public Optional<Condition> condition(String type) {
        return conditions.stream()
                .filter(condition -> type.equals(condition.type()))
                .findFirst();
    }

    /// @param lastUpdateTime     RFC 3339, as is `lastTransitionTime`
    @JsonIgnoreProperties(ignoreUnknown = true)
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Condition(
            @Required @Nullable String type,
            @Required @Nullable String status,
            @Required @Nullable String reason,
            @Nullable String message,
            @Nullable String lastUpdateTime,
            @Nullable String lastTransitionTime) {}
}
