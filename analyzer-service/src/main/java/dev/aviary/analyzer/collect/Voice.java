package dev.aviary.analyzer.collect;

import dev.aviary.events.AnalyzerEvent;
import dev.aviary.events.CanaryKey;

/// Where the collector says what it found, by an ordinary idempotent producer outside the stream's transactions; it
/// comes back as an input, like everything else.
public interface Voice {
    /// Returns when the log has it, false if it couldn't be had. May block.
    boolean say(CanaryKey canary, AnalyzerEvent event);
}
