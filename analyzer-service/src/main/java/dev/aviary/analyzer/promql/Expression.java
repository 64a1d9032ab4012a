package dev.aviary.analyzer.promql;

import java.util.List;
import java.util.Optional;

/// PromQL, as far as it says what a query counts.
///
/// @see <a href="https://prometheus.io/docs/prometheus/latest/querying/basics/">Prometheus: querying</a>
sealed interface Expression {
    record Constant(double value) implements Expression {}

    record Text(String value) implements Expression {}

    /// @param shifted has an `offset` or an `@`
    record Series(Selector selector, boolean shifted) implements Expression {}

    record Range(Series of, String window) implements Expression {}

    record Subquery(Expression of) implements Expression {}

    record Call(String function, List<Expression> arguments) implements Expression {}

    /// @param by      its labels, empty where there is no `by`
    /// @param without has a `without`
    record Aggregation(String operator, List<Expression> arguments, Optional<List<String>> by, boolean without)
            implements Expression {}

    record Negation(Expression of) implements Expression {}

    /// @param plain has neither `bool`, `on`, `ignoring` nor a grouping
    record Binary(String operator, Expression left, Expression right, boolean plain) implements Expression {}
}
