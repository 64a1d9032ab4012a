package dev.aviary.events;

/// A Canary is there, or what it resolves to has changed.
///
/// @param uid        of the Kubernetes object: another one is another canary
/// @param generation of the Kubernetes object; annotations and metric templates don't raise it
@WireType("canary-applied.v1")
public record CanaryApplied(String uid, long generation, CanarySpec spec) implements DetectorEvent {}
