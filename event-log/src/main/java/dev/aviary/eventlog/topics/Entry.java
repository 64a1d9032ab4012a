package dev.aviary.eventlog.topics;

import dev.aviary.eventlog.codec.Read;
import dev.aviary.events.CanaryKey;
import java.time.Instant;

/// A record of a topic of events, where it lies.
///
/// @param timestamp UTC, the broker's when it was appended: `now` for whoever hears it
/// @param key       of a record whose key is none, the key's text as a name, without cluster and namespace
public record Entry(String topic, int partition, long offset, Instant timestamp, CanaryKey key, Read read) {}
