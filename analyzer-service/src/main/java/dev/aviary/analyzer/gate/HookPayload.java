package dev.aviary.analyzer.gate;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.Map;

/// What Flagger posts to a webhook.
///
/// @param phase    of the Canary, such as `Progressing`
/// @param checksum the same for the same revision
/// @see <a href="https://docs.flagger.app/usage/webhooks">Flagger: webhooks</a>
public record HookPayload(
        String name,
        String namespace,
        String phase,
        String checksum,
        @JsonInclude(JsonInclude.Include.NON_EMPTY) Map<String, String> metadata) {}
