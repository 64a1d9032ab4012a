package dev.aviary.events;

import java.util.Optional;

/// A second policy that is judged beside the acting one and acts on nothing (annotation `aviary.dev/shadow-policy`).
///
/// @param policy  what it would change
/// @param problem why it can't be judged, in one sentence; then it isn't, and nothing else is any different
public record ShadowSpec(Policy policy, Optional<String> problem) {
    /// One that makes sense.
    public static ShadowSpec of(Policy policy) {
        return new ShadowSpec(policy, Optional.empty());
    }

    /// One that doesn't.
    public static ShadowSpec refused(String problem) {
        return new ShadowSpec(Policy.NONE, Optional.of(problem));
    }
}
