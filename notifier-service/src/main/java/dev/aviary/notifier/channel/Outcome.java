package dev.aviary.notifier.channel;

/// What came of one try. That a receiver doesn't answer is to be expected.
public sealed interface Outcome {
    record Accepted() implements Outcome {}

    /// Another try would bring the same answer.
    record Refused(String why) implements Outcome {}

    /// It is away, or asks for patience: to be tried again.
    record Away(String why) implements Outcome {}
}
