package dev.aviary.events;

/// A record of this canary can't be read or understood: nothing is decided about it until a person says `retry`.
///
/// @param where it stands
/// @param how   to go on
@WireType("canary-parked.v1")
public record CanaryParked(String why, String where, String how) implements RouterDecision {}
