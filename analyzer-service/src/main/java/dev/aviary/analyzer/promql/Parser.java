package dev.aviary.analyzer.promql;

import dev.aviary.analyzer.promql.Expression.Aggregation;
import dev.aviary.analyzer.promql.Expression.Binary;
import dev.aviary.analyzer.promql.Expression.Call;
import dev.aviary.analyzer.promql.Expression.Constant;
import dev.aviary.analyzer.promql.Expression.Negation;
import dev.aviary.analyzer.promql.Expression.Range;
import dev.aviary.analyzer.promql.Expression.Series;
import dev.aviary.analyzer.promql.Expression.Subquery;
import dev.aviary.analyzer.promql.Expression.Text;
import dev.aviary.analyzer.promql.Matcher.Operator;
import dev.aviary.analyzer.promql.Token.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.PatternSyntaxException;

/// Operators by their published precedence; `^` binds to the right, and tighter than a sign before it.
///
/// @see <a
/// href="https://prometheus.io/docs/prometheus/latest/querying/operators/#binary-operator-precedence">Prometheus:
///     operators</a>
final class Parser {
    private static final int POWER = 6;
    private static final int DEEPEST = 100;
    private static final Set<String> AGGREGATIONS = Set.of(
            "sum",
            "avg",
            "count",
            "min",
            "max",
            "group",
            "stddev",
            "stdvar",
            "topk",
            "bottomk",
            "count_values",
            "quantile",
            "limitk",
            "limit_ratio");

    private final List<Token> tokens;
    private int next;
    private int depth;

    private Parser(List<Token> tokens) {
        this.tokens = tokens;
    }

    static Expression read(String query) throws SyntaxException {
        var parser = new Parser(Lexer.read(query));
        var whole = parser.binary(1);
        if (parser.peek().kind() != Kind.END) {
            throw parser.unexpected();
        }
        return whole;
    }

    private Expression binary(int atLeast) throws SyntaxException {
        if (++depth > DEEPEST) {
            throw new SyntaxException("it is nested too deeply");
        }
        var left = unary();
        for (int level = precedence(peek()); level >= atLeast; level = precedence(peek())) {
            var operator = take().text().toLowerCase(Locale.ROOT);
            boolean plain = !modified();
            var right = binary(level == POWER ? level : level + 1);
            left = new Binary(operator, left, right, plain);
        }
        depth--;
        return left;
    }

    private static int precedence(Token token) {
        var text = token.text().toLowerCase(Locale.ROOT);
        return switch (token.kind()) {
            case SIGN ->
                switch (text) {
                    case "==", "!=", ">", "<", ">=", "<=" -> 3;
                    case "+", "-" -> 4;
                    case "*", "/", "%" -> 5;
                    case "^" -> POWER;
                    default -> 0;
                };
            case WORD ->
                switch (text) {
                    case "or" -> 1;
                    case "and", "unless" -> 2;
                    case "atan2" -> 5;
                    default -> 0;
                };
            case NUMBER, DURATION, TEXT, END -> 0;
        };
    }

    private boolean modified() throws SyntaxException {
        boolean any = false;
        if (peek().isWord("bool")) {
            take();
            any = true;
        }
        for (var word : List.of("on", "ignoring")) {
            if (peek().isWord(word) && peek(1).is("(")) {
                take();
                labels();
                any = true;
            }
        }
        for (var word : List.of("group_left", "group_right")) {
            if (peek().isWord(word)) {
                take();
                any = true;
                if (peek().is("(")) {
                    labels();
                }
            }
        }
        return any;
    }

    private Expression unary() throws SyntaxException {
        if (peek().is("-")) {
            take();
            return new Negation(binary(POWER));
        }
        if (peek().is("+")) {
            take();
            return binary(POWER);
        }
        return behind(primary());
    }

    /// Ranges, subqueries, offsets.
    private Expression behind(Expression of) throws SyntaxException {
        var here = of;
        while (true) {
            if (peek().is("[")) {
                here = range(here);
            } else if (peek().isWord("offset")) {
                take();
                if (peek().is("-") || peek().is("+")) {
                    take();
                }
                duration();
                here = shifted(here);
            } else if (peek().is("@")) {
                take();
                instant();
                here = shifted(here);
            } else {
                return here;
            }
        }
    }

    private void instant() throws SyntaxException {
        if (peek().is("-") || peek().is("+")) {
            take();
        }
        var token = take();
        if (token.isWord("start") || token.isWord("end")) {
            expect("(");
            expect(")");
        } else if (token.kind() != Kind.NUMBER) {
            throw new SyntaxException("'@' wants an instant");
        }
    }

    private static Expression shifted(Expression of) throws SyntaxException {
        return switch (of) {
            case Series series -> new Series(series.selector(), true);
            case Range range -> new Range(new Series(range.of().selector(), true), range.window());
            case Subquery subquery -> subquery;
            default -> throw new SyntaxException("an offset stands behind a selector only");
        };
    }

    private Expression range(Expression of) throws SyntaxException {
        expect("[");
        var window = duration();
        if (peek().is(":")) {
            take();
            if (!peek().is("]")) {
                duration();
            }
            expect("]");
            return new Subquery(of);
        }
        expect("]");
        if (of instanceof Series series && !series.shifted()) {
            return new Range(series, window);
        }
        throw new SyntaxException("a range stands behind a selector only");
    }

    private String duration() throws SyntaxException {
        var token = take();
        if (token.kind() != Kind.DURATION && token.kind() != Kind.NUMBER) {
            throw new SyntaxException("a duration such as 1m is missing at %d".formatted(token.at()));
        }
        return token.text();
    }

    private Expression primary() throws SyntaxException {
        var token = peek();
        return switch (token.kind()) {
            case NUMBER -> new Constant(Double.parseDouble(take().text()));
            case TEXT -> new Text(take().text());
            case SIGN -> token.is("(") ? inParentheses() : token.is("{") ? selector("") : failed();
            case WORD -> word(take());
            case DURATION, END -> failed();
        };
    }

    private Expression inParentheses() throws SyntaxException {
        expect("(");
        var inner = binary(1);
        expect(")");
        return inner;
    }

    private Expression word(Token word) throws SyntaxException {
        var lower = word.text().toLowerCase(Locale.ROOT);
        if (AGGREGATIONS.contains(lower)
                && (peek().is("(") || ((peek().isWord("by") || peek().isWord("without")) && peek(1).is("(")))) {
            return aggregation(lower);
        }
        if (peek().is("(")) {
            return new Call(lower, arguments());
        }
        if (peek().is("{")) {
            return selector(word.text());
        }
        return switch (lower) {
            case "inf" -> new Constant(Double.POSITIVE_INFINITY);
            case "nan" -> new Constant(Double.NaN);
            default -> new Series(new Selector(word.text(), List.of()), false);
        };
    }

    private Expression aggregation(String operator) throws SyntaxException {
        var by = Optional.<List<String>>empty();
        boolean without = false;
        List<Expression> arguments = List.of();
        for (int part = 0; part < 2; part++) {
            if (peek().isWord("by")) {
                take();
                by = Optional.of(labels());
            } else if (peek().isWord("without")) {
                take();
                labels();
                without = true;
            } else if (arguments.isEmpty()) {
                arguments = arguments();
            }
        }
        if (arguments.isEmpty()) {
            throw new SyntaxException(operator + " has nothing to aggregate");
        }
        return new Aggregation(operator, arguments, by, without);
    }

    private List<Expression> arguments() throws SyntaxException {
        expect("(");
        var arguments = new ArrayList<Expression>();
        while (!peek().is(")")) {
            arguments.add(binary(1));
            if (!peek().is(")")) {
                expect(",");
            }
        }
        expect(")");
        return arguments;
    }

    private List<String> labels() throws SyntaxException {
        expect("(");
        var labels = new ArrayList<String>();
        while (!peek().is(")")) {
            labels.add(name());
            if (!peek().is(")")) {
                expect(",");
            }
        }
        expect(")");
        return labels;
    }

    private String name() throws SyntaxException {
        var token = take();
        if (token.kind() != Kind.WORD && token.kind() != Kind.TEXT) {
            throw new SyntaxException("a label's name is missing at %d".formatted(token.at()));
        }
        return token.text();
    }

    private Expression selector(String named) throws SyntaxException {
        expect("{");
        var metric = named;
        var matchers = new ArrayList<Matcher>();
        while (!peek().is("}")) {
            boolean quoted = peek().kind() == Kind.TEXT;
            var label = name();
            if (quoted && (peek().is(",") || peek().is("}"))) {
                metric = onlyName(metric, label);
            } else {
                var matcher = matcher(label);
                if (label.equals("__name__") && matcher.operator() == Operator.EQUAL) {
                    metric = onlyName(metric, matcher.value());
                } else {
                    matchers.add(matcher);
                }
            }
            if (!peek().is("}")) {
                expect(",");
            }
        }
        expect("}");
        return new Series(new Selector(metric, matchers), false);
    }

    private static String onlyName(String before, String now) throws SyntaxException {
        if (!before.isEmpty()) {
            throw new SyntaxException("the metric is named twice, '%s' and '%s'".formatted(before, now));
        }
        return now;
    }

    private Matcher matcher(String label) throws SyntaxException {
        var sign = take();
        var value = take();
        if (value.kind() != Kind.TEXT) {
            throw new SyntaxException("the value of %s is no string".formatted(label));
        }
        try {
            return new Matcher(
                    label,
                    switch (sign.text()) {
                        case "=" -> Operator.EQUAL;
                        case "!=" -> Operator.NOT_EQUAL;
                        case "=~" -> Operator.MATCH;
                        case "!~" -> Operator.NO_MATCH;
                        default -> throw new SyntaxException("'%s' doesn't match a label".formatted(sign.text()));
                    },
                    value.text());
        } catch (PatternSyntaxException no) {
            throw new SyntaxException("'%s' isn't a pattern".formatted(value.text()));
        }
    }

    private void expect(String sign) throws SyntaxException {
        if (!peek().is(sign)) {
            throw new SyntaxException("'%s' is missing at %d".formatted(sign, peek().at()));
        }
        take();
    }

    private Expression failed() throws SyntaxException {
        throw unexpected();
    }

    private SyntaxException unexpected() {
        var token = peek();
        return new SyntaxException(
                token.kind() == Kind.END
                        ? "it ends too early"
                        : "'%s' at %d isn't expected".formatted(token.text(), token.at()));
    }

    private Token peek() {
        return peek(0);
    }

    private Token peek(int ahead) {
        return tokens.get(Math.min(next + ahead, tokens.size() - 1));
    }

    private Token take() {
        var token = peek();
        next++;
        return token;
    }
}
