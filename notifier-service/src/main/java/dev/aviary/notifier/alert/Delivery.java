package dev.aviary.notifier.alert;

import dev.aviary.events.CanaryKey;
import java.time.Instant;
import java.util.Optional;

/// A record of `aviary.alerts`: one message to one receiver.
///
/// @param id      derived from the event and the receiver: a repeat is known by it
/// @param event   `ce_id` of what it tells of
/// @param at      UTC; when that happened
/// @param tries   so far
/// @param notBefore UTC; of a retry
public record Delivery(
        String id,
        CanaryKey canary,
        String event,
        Instant at,
        int tries,
        Optional<Instant> notBefore,
        Message message) {
    public static Delivery first(CanaryKey canary, String event, Instant at, Message message, int index) {
        return new Delivery(
                "%s/%s/%d".formatted(event, message.receiver(), index),
                canary,
                event,
                at,
                0,
                Optional.empty(),
                message);
    }

    public Delivery again(Instant due) {
        return new Delivery(id, canary, event, at, tries + 1, Optional.of(due), message);
    }

    /// It is the receiver's turn that didn't come, not a try that failed.
    public Delivery postponed(Instant due) {
        return new Delivery(id, canary, event, at, tries, Optional.of(due), message);
    }
}
