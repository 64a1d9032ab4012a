package dev.aviary.events;

/// The route isn't as it was confirmed, and no decision wanted that.
///
/// @param seq of the last decision that was confirmed
/// @param by  field manager that wrote it
@WireType("route-changed-by-hand.v1")
public record RouteChangedByHand(long seq, Percent before, Percent after, String by) implements RouterOutcome {}
