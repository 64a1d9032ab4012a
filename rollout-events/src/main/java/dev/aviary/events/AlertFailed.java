package dev.aviary.events;

/// An alert was given up.
///
/// @param why of the last try
@WireType("alert-failed.v1")
public record AlertFailed(String alert, String provider, int tries, String why) implements NotifierEvent {}
