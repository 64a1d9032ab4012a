package dev.aviary.analyzer.promql;

import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/// What a label's value has to be; a missing label is empty.
public record Matcher(String label, Operator operator, String value) {
    private static final int LONGEST = 500;

    /// What RE2 and Java read alike: no POSIX classes, sets within sets or intersections, flags, or letters behind `\`
    /// that only one of them knows; `$` at the end only. Possessive, as nobody backtracks over a query.
    ///
    /// @see <a href="https://github.com/google/re2/wiki/Syntax">RE2: syntax</a>
    private static final Pattern BOTH =
            Pattern.compile("(?:[^\\\\\\[\\]$(]|\\\\(?:[dDwW]|[\\p{Punct}&&[^<>]])|\\((?:\\?:|(?!\\?))"
                    + "|\\[\\^?(?:[^\\\\\\[\\]&^]|\\\\(?:[dDwW]|[\\p{Punct}&&[^<>]]))++\\])*+\\$?");

    public enum Operator {
        EQUAL,
        NOT_EQUAL,
        MATCH,
        NO_MATCH
    }

    /// @throws PatternSyntaxException if the value is to be a pattern and isn't one
    public Matcher {
        if (operator == Operator.MATCH || operator == Operator.NO_MATCH) {
            pattern(value);
        }
    }

    public boolean matches(String text) {
        return switch (operator) {
            case EQUAL -> text.equals(value);
            case NOT_EQUAL -> !text.equals(value);
            case MATCH -> pattern(value).matcher(text).matches();
            case NO_MATCH -> !pattern(value).matcher(text).matches();
        };
    }

    private static Pattern pattern(String value) {
        if (value.length() > LONGEST || !BOTH.matcher(value).matches()) {
            throw new PatternSyntaxException("not read alike by RE2 and Java", value, -1);
        }
        return Pattern.compile(value, Pattern.DOTALL);
    }
}
