package dev.aviary.events;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/// A person's word about a rollout, ended or under way: the release was good, or bad. It changes no rollout; the last
/// one of a rollout counts. Kubernetes has checked who it was and may say it, as with [OperatorCommanded].
///
/// @param id      drawn by the sender; a repeated one is the same word
/// @param rollout its number, see [RolloutId]; nobody has checked that there is such a one
/// @param by      user name as the API server knows it
/// @param why     in the person's words, may be empty
@WireType("rollout-labelled.v1")
public record RolloutLabelled(String id, long rollout, Outcome outcome, String by, String why)
        implements DetectorEvent {
    public enum Outcome {
        GOOD,
        BAD;

        /// As in the annotation: `good`.
        public String word() {
            return name().toLowerCase(Locale.ROOT);
        }

        public static Optional<Outcome> of(String word) {
            return Arrays.stream(values())
                    .filter(outcome -> outcome.word().equals(word))
                    .findFirst();
        }
    }

    /// `alice: "a customer called"`.
    public String who() {
        return why.isEmpty() ? by : "%s: \"%s\"".formatted(by, why);
    }
}
