package dev.aviary.notifier.alert;

/// What stands among a Canary's Kubernetes Events, and what `event` webhooks get: finer than an [Alert].
public record Note(boolean warning, String text) {
    static Note info(String text) {
        return new Note(false, text);
    }

    static Note warning(String text) {
        return new Note(true, text);
    }

    /// As Kubernetes and Flagger call it.
    public String type() {
        return warning ? "Warning" : "Normal";
    }
}
