package dev.aviary.events;

import java.time.Duration;

/// Said once per reason, not once per try.
///
/// @param what  was to be written
/// @param nextTry from now
@WireType("write-failed.v1")
public record WriteFailed(long seq, String what, String why, Duration nextTry) implements RouterOutcome {}
