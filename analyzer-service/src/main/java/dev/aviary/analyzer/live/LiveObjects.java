package dev.aviary.analyzer.live;

import dev.aviary.flagger.Canary;
import dev.aviary.flagger.MetricTemplate;
import java.util.Map;
import java.util.Optional;

/// What stands in the cluster at this moment: addresses, headers, secrets and webhooks' URLs, which no event carries.
/// May block.
public interface LiveObjects {
    /// @throws UnavailableException if the API server gives no answer
    Optional<Canary> canary(String namespace, String name);

    /// @throws UnavailableException if the API server gives no answer
    Optional<MetricTemplate> template(String namespace, String name);

    /// Decoded, by key.
    ///
    /// @throws UnavailableException if the API server gives no answer
    Optional<Map<String, String>> secret(String namespace, String name);

    /// Why this can't be asked at all, in a sentence; empty if it can.
    ///
    /// @param namespace of the Canaries that are ours; all if absent
    Optional<String> problem(Optional<String> namespace);

    /// The API server can't be asked, or doesn't let us; the message is a sentence.
    class UnavailableException extends RuntimeException {
        public UnavailableException(String sentence, Throwable cause) {
            super(sentence, cause);
        }
    }
}
