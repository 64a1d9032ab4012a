package dev.aviary.events;

import java.util.SortedMap;

/// Which requests an A/B test sends to the canary: all that is named must match.
///
/// @param sourceLabels of the calling pod, Istio only
/// @see <a href="https://docs.flagger.app/usage/deployment-strategies#a-b-testing">Flagger: analysis.match</a>
public record HttpMatch(
        SortedMap<String, StringMatch> headers,
        SortedMap<String, StringMatch> queryParams,
        SortedMap<String, String> sourceLabels) {
    /// @param value to compare with, or an RE2 pattern
    public record StringMatch(Kind kind, String value) {}

    public enum Kind {
        EXACT,
        PREFIX,
        SUFFIX,
        REGEX
    }
}
