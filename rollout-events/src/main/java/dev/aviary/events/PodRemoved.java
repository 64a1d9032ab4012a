package dev.aviary.events;

import java.time.Duration;

/// A pod of the canary gets no requests any more: it is gone, or on its way out.
@WireType("pod-removed.v1")
public record PodRemoved(long seq, String pod, Duration took) implements RouterOutcome {}
