package dev.aviary.events;

/// A Canary is gone, or being deleted.
///
/// @param uid              of the Kubernetes object
/// @param revertOnDeletion the target is to serve again; a finalizer waits for it
@WireType("canary-deleted.v1")
public record CanaryDeleted(String uid, boolean revertOnDeletion) implements DetectorEvent {}
