package dev.aviary.notifier.alert;

import java.util.Arrays;
import java.util.Optional;

/// How much an alert asks of people.
public enum Severity {
    INFO,
    WARN,
    ERROR;

    /// @param word as in a Canary's `alerts[].severity`; empty: all are sent. Flagger documents that, and sends none
    public static Optional<Severity> of(String word) {
        return word.isEmpty()
                ? Optional.of(INFO)
                : Arrays.stream(values())
                        .filter(severity -> severity.word().equals(word))
                        .findFirst();
    }

    public String word() {
        return name().toLowerCase(java.util.Locale.ROOT);
    }

    /// Whether it goes to a receiver who wants at least this.
    public boolean reaches(Severity least) {
        return compareTo(least) >= 0;
    }
}
