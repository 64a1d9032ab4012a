package dev.aviary.events;

import java.time.Duration;

/// The route was read back and is as wanted, written just now or before.
///
/// @param canary share that the canary has, of what the step's match selects
/// @param took   from the decision's wish to the read-back
@WireType("traffic-shifted.v1")
public record TrafficShifted(long seq, Percent canary, Percent mirror, Duration took) implements RouterOutcome {}
