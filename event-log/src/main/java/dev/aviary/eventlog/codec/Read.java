package dev.aviary.eventlog.codec;

import dev.aviary.eventlog.LoggedEvent;

/// What a record of the log turned out to be. Reading never throws: what can't be read is an answer too.
public sealed interface Read {
    record Event(LoggedEvent logged) implements Read {}

    /// Well formed, of a type that this version doesn't know: skipped, unless it is a decision of a newer router.
    /// That one's canary is parked.
    ///
    /// @param type       such as `step-started.v2`
    /// @param isDecision the router's
    record Unknown(String type, boolean isDecision) implements Read {}

    /// To `aviary.dead-letters` with it; its canary is parked.
    ///
    /// @param why one sentence, without the record's content
    record Broken(String why) implements Read {}
}
