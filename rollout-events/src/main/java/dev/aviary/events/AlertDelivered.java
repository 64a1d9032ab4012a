package dev.aviary.events;

/// An alert reached its receiver.
///
/// @param alert    `ce_id` of the event that it tells of
/// @param provider `namespace/name` of the AlertProvider
/// @param tries    this one included
@WireType("alert-delivered.v1")
public record AlertDelivered(String alert, String provider, int tries) implements NotifierEvent {}
