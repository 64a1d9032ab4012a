package dev.aviary.eventlog.topics;

/// A record that couldn't be read or understood. The record itself stays where it is: these topics forget nothing.
///
/// @param why one sentence
public record DeadLetter(String topic, int partition, long offset, String why) {}
