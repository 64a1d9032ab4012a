package dev.aviary.events;

/// The primary is ready: it gets all traffic, and the target goes to zero.
@WireType("takeover-started.v1")
public record TakeoverStarted(String revision) implements RouterDecision {}
