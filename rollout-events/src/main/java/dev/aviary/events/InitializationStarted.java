package dev.aviary.events;

/// A canary was seen first: the primary is to be made as a copy of the target, beside it. What stands already is
/// taken over instead.
///
/// @param revision that the primary is to run
@WireType("initialization-started.v1")
public record InitializationStarted(String revision) implements RouterDecision {}
