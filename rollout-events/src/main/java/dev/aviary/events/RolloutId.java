package dev.aviary.events;

/// Names one revision's way to the primary: `3-v1:9f2c…`.
///
/// @param number   counts a canary's rollouts, from 1
/// @param revision what is to be rolled out, see [RevisionDetected]
public record RolloutId(long number, String revision) {
    /// @throws IllegalArgumentException if it isn't of the form of [#toString]
    public static RolloutId of(String id) {
        int dash = id.indexOf('-');
        if (dash < 1) {
            throw new IllegalArgumentException("a rollout is number-revision, got '%s'".formatted(id));
        }
        return new RolloutId(Long.parseLong(id.substring(0, dash)), id.substring(dash + 1));
    }

    @Override
    public String toString() {
        return number + "-" + revision;
    }
}
