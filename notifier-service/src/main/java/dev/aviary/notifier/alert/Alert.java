package dev.aviary.notifier.alert;

import java.util.List;

/// What people are told in their chat: Flagger's texts, and why in words.
public record Alert(Severity severity, String text, List<Field> fields) {
    public record Field(String name, String value) {}
}
