package dev.aviary.events;

/// The Canary is being deleted and the target is to serve again: it is scaled up first.
@WireType("termination-started.v1")
public record TerminationStarted() implements RouterDecision {}
