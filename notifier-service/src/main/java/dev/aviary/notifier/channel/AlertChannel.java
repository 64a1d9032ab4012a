package dev.aviary.notifier.channel;

import dev.aviary.notifier.alert.Alert;

/// Speaks to one kind of receiver. One implementation per product; it is found by CDI, so a new one is a new file and
/// no other Java change.
///
/// Called from a virtual thread: it may block, for at most [Poster#TIMEOUT]. It doesn't retry; the notifier does.
public interface AlertChannel {
    /// As in an AlertProvider's `spec.type`.
    String type();

    Outcome deliver(Receiver receiver, Told told);

    /// An alert with what it is about.
    ///
    /// @param id     the same at every try
    /// @param canary such as `checkout`
    /// @param at     when what it tells of happened
    record Told(String id, String cluster, String namespace, String canary, java.time.Instant at, Alert alert) {}
}
