package dev.aviary.events;

/// A person's word, from the annotation `aviary.dev/command`; Kubernetes has checked who it was and may do it.
///
/// @param id  drawn by the sender; a repeated one is the same command
/// @param by  user name as the API server knows it
/// @param why in the person's words, may be empty
@WireType("operator-commanded.v1")
public record OperatorCommanded(String id, Verb verb, String by, String why) implements DetectorEvent {
    public enum Verb {
        PAUSE,
        RESUME,
        PROMOTE,
        ABORT,
        RETRY,
        SKIP_STEP;

        /// As in the annotation: `skip-step`.
        public String word() {
            return name().toLowerCase(java.util.Locale.ROOT).replace('_', '-');
        }
    }

    /// `alice: "looks wrong"`.
    public String who() {
        return why.isEmpty() ? by : "%s: \"%s\"".formatted(by, why);
    }
}
