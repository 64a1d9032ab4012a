package dev.aviary.flagger;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonInclude;
import org.jspecify.annotations.Nullable;

/// Istio's way to compare a string; one of the three at most.
@JsonIgnoreProperties(ignoreUnknown = true)
@JsonInclude(JsonInclude.Include.NON_NULL)
public record StringMatch(
        @Nullable String exact,
        @Nullable String prefix,
        @Nullable String regex) {
    /// In `analysis.match`, where the schema allows a suffix too; exactly one of the four.
    @JsonIgnoreProperties(ignoreUnknown = true)
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record WithSuffix(
            @Nullable String exact,
            @Nullable String prefix,
            @Nullable String suffix,
            @Nullable String regex) {}
}
