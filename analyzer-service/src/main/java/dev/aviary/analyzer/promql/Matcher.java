package dev.aviary.analyzer.promql;

import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/// What a label's value has to be; a missing label is empty.
public record Matcher(String label, Operator operator, String value) {
    public enum Operator {
        EQUAL,
        NOT_EQUAL,
        MATCH,
        NO_MATCH
    }

    /// @throws PatternSyntaxException if the value is to be a pattern and isn't one
    public Matcher {
        if (operator == Operator.MATCH || operator == Operator.NO_MATCH) {
            Pattern.compile(value);
        }
    }

    public boolean matches(String text) {
        return switch (operator) {
            case EQUAL -> text.equals(value);
            case NOT_EQUAL -> !text.equals(value);
            case MATCH -> Pattern.matches(value, text);
            case NO_MATCH -> !Pattern.matches(value, text);
        };
    }
}
