package dev.aviary.cli;

/// What a user can put right: one sentence, which says how. It ends the program with status 1, without a stack trace.
public final class Problem extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public Problem(String sentence) {
        super(sentence);
    }
}
