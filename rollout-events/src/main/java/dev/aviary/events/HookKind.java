package dev.aviary.events;

import java.util.Arrays;
import java.util.Optional;

/// When a Canary's webhook is called.
///
/// @see <a href="https://docs.flagger.app/usage/webhooks">Flagger: webhooks</a>
public enum HookKind {
    CONFIRM_ROLLOUT("confirm-rollout"),
    PRE_ROLLOUT("pre-rollout"),
    ROLLOUT("rollout"),
    CONFIRM_TRAFFIC_INCREASE("confirm-traffic-increase"),
    CONFIRM_PROMOTION("confirm-promotion"),
    ROLLBACK("rollback"),
    POST_ROLLOUT("post-rollout"),
    EVENT("event");

    private final String word;

    HookKind(String word) {
        this.word = word;
    }

    /// As in a Canary's `webhooks[].type`.
    public String word() {
        return word;
    }

    /// @param word the empty one is `rollout`
    public static Optional<HookKind> of(String word) {
        return word.isEmpty()
                ? Optional.of(ROLLOUT)
                : Arrays.stream(values()).filter(kind -> kind.word.equals(word)).findFirst();
    }
}
