package dev.aviary.events;

import java.time.Duration;

/// A webhook by name and kind; its URL and metadata are read from the live object.
///
/// @param retries after the first try
public record HookSpec(String name, HookKind kind, Duration timeout, int retries, boolean muteAlert) {}
