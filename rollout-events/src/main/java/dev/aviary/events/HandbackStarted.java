package dev.aviary.events;

/// The target is ready: it gets the traffic back, then the finalizer goes.
@WireType("handback-started.v1")
public record HandbackStarted() implements RouterDecision {}
