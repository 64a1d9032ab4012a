package dev.aviary.router.traffic;

/// A write was refused: somebody who knows more was there before.
public class StaleWriterException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public StaleWriterException(String object, Fence ours, long theirs) {
        super("%s: not changed: sequence %d was written there%s, ours is %d. It stays so until a newer decision."
                .formatted(object, theirs, theirs == ours.seq() ? " with less traffic on the canary" : "", ours.seq()));
    }
}
