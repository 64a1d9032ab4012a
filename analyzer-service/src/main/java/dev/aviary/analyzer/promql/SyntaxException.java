package dev.aviary.analyzer.promql;

/// The query isn't PromQL, or isn't understood.
final class SyntaxException extends Exception {
    private static final long serialVersionUID = 1;

    SyntaxException(String message) {
        super(message);
    }
}
