package dev.aviary.analyzer.promql;

import dev.aviary.analyzer.promql.Countable.Above;
import dev.aviary.analyzer.promql.Countable.Ratio;
import dev.aviary.analyzer.promql.Countable.ThresholdOnly;
import dev.aviary.analyzer.promql.Expression.Aggregation;
import dev.aviary.analyzer.promql.Expression.Binary;
import dev.aviary.analyzer.promql.Expression.Call;
import dev.aviary.analyzer.promql.Expression.Constant;
import dev.aviary.analyzer.promql.Expression.Negation;
import dev.aviary.analyzer.promql.Expression.Range;
import dev.aviary.events.Bounds;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/// Understands ratios of summed counters and quantiles of summed histograms, scaled and shifted by constants. Whatever
/// else a query is, its value alone is checked: none is misread.
public final class CountableReader {
    private static final Set<String> INCREASES = Set.of("rate", "increase");
    private static final String BUCKET = "_bucket";

    /// Seconds and bytes aren't trials, and in buckets each request stands several times.
    private static final Pattern NO_REQUESTS = Pattern.compile(
            "_(sum|bucket|created|((nano|micro|milli)?seconds|minutes|(kilo|mega)?bytes|bits|joules)(_total)?)$");

    /// Why a part of a query has no counts behind it.
    private static final class NotCounted extends Exception {
        private static final long serialVersionUID = 1;

        NotCounted(String why) {
            super(why);
        }
    }

    private sealed interface Core {}

    private record Nothing() implements Core {}

    private record Sum(Selector of, String function, String window) implements Core {}

    private record Quotient(Sum part, Sum total) implements Core {}

    private record Quantile(double quantile, Selector buckets) implements Core {}

    /// `shift + factor * core`.
    private record Linear(double shift, double factor, Core core) {
        boolean isConstant() {
            return core instanceof Nothing;
        }
    }

    private CountableReader() {}

    /// @param bounds of the query's value
    public static Countable read(String promql, Bounds bounds) {
        try {
            return counted(linear(Parser.read(promql)), bounds);
        } catch (SyntaxException | NotCounted why) {
            return new ThresholdOnly(String.valueOf(why.getMessage()));
        }
    }

    private static Countable counted(Linear value, Bounds bounds) throws NotCounted {
        return switch (value.core()) {
            case Quotient ratio -> ratio(ratio, value, bounds);
            case Quantile quantile -> above(quantile, value, bounds);
            case Sum _ -> throw new NotCounted("it is a rate, not a ratio");
            case Nothing _ -> throw new NotCounted("it is a constant");
        };
    }

    private static Countable ratio(Quotient ratio, Linear value, Bounds bounds) throws NotCounted {
        if (!ratio.part().of().isPartOf(ratio.total().of())) {
            throw new NotCounted("it doesn't show that what is divided is part of what it is divided by");
        }
        if (!ratio.part().window().equals(ratio.total().window())
                || !ratio.part().function().equals(ratio.total().function())) {
            throw new NotCounted("its two sums are taken over different windows or by different functions");
        }
        if (NO_REQUESTS.matcher(ratio.total().of().metric()).find()) {
            throw new NotCounted("what it sums up isn't a number of requests");
        }
        boolean rising = value.factor() > 0;
        var least = (rising ? bounds.min() : bounds.max()).map(bound -> inside(bound, value));
        var most = (rising ? bounds.max() : bounds.min()).map(bound -> inside(bound, value));
        var low = least.filter(bound -> bound > 0);
        var high = most.filter(bound -> bound < 1);
        if (low.isPresent() == high.isPresent()) {
            throw new NotCounted(low.isPresent() ? "it is bounded on both sides" : "its bounds always hold");
        }
        double allowed = low.map(bound -> 1 - bound).orElseGet(high::orElseThrow);
        return new Ratio(ratio.part().of(), low.isPresent(), ratio.total().of(), checked(allowed));
    }

    private static double inside(double bound, Linear value) {
        return (bound - value.shift()) / value.factor();
    }

    private static double checked(double allowed) throws NotCounted {
        if (!(allowed > 0 && allowed < 1)) {
            throw new NotCounted("its bound allows no failure at all, or every one");
        }
        return allowed;
    }

    private static Countable above(Quantile quantile, Linear value, Bounds bounds) throws NotCounted {
        var max = bounds.max();
        boolean below = bounds.min().filter(min -> min > 0).isPresent();
        if (max.isEmpty() || below || value.shift() != 0 || !(value.factor() > 0)) {
            throw new NotCounted("a quantile is counted against an upper bound only");
        }
        return new Above(quantile.buckets(), max.get() / value.factor(), checked(1 - quantile.quantile()));
    }

    private static Linear linear(Expression expression) throws NotCounted {
        return switch (expression) {
            case Constant(double value) -> new Linear(finite(value), 0, new Nothing());
            case Negation(var of) -> scaled(linear(of), -1);
            case Binary binary -> binary(binary);
            case Call call -> quantile(call);
            case Aggregation aggregation -> new Linear(0, 1, sum(aggregation, List.of()));
            case Expression.Text _, Expression.Series _, Range _, Expression.Subquery _ ->
                throw new NotCounted("it isn't a ratio of sums, nor a quantile of a histogram");
        };
    }

    private static double finite(double value) throws NotCounted {
        if (!Double.isFinite(value)) {
            throw new NotCounted("it computes with a number that is none");
        }
        return value;
    }

    private static Linear binary(Binary binary) throws NotCounted {
        if (!binary.plain()) {
            throw new NotCounted("its '%s' matches labels".formatted(binary.operator()));
        }
        var left = linear(binary.left());
        var right = linear(binary.right());
        return switch (binary.operator()) {
            case "+" -> sum(left, right);
            case "-" -> sum(left, scaled(right, -1));
            case "*" ->
                right.isConstant()
                        ? scaled(left, right.shift())
                        : left.isConstant() ? scaled(right, left.shift()) : unknown("*");
            case "/" -> right.isConstant() ? scaled(left, 1 / right.shift()) : quotient(left, right);
            default -> unknown(binary.operator());
        };
    }

    private static Linear unknown(String operator) throws NotCounted {
        throw new NotCounted("it has no counts behind its '%s'".formatted(operator));
    }

    private static Linear sum(Linear left, Linear right) throws NotCounted {
        if (!left.isConstant() && !right.isConstant()) {
            throw new NotCounted("it adds up more than one quantity");
        }
        var core = left.isConstant() ? right : left;
        return new Linear(left.shift() + right.shift(), core.factor(), core.core());
    }

    private static Linear scaled(Linear value, double by) throws NotCounted {
        return new Linear(finite(value.shift() * by), finite(value.factor() * by), value.core());
    }

    private static Linear quotient(Linear left, Linear right) throws NotCounted {
        if (left.shift() == 0
                && right.shift() == 0
                && left.core() instanceof Sum part
                && right.core() instanceof Sum total) {
            double factor = finite(left.factor() / right.factor());
            if (factor == 0) {
                throw new NotCounted("it is always 0");
            }
            return new Linear(0, factor, new Quotient(part, total));
        }
        throw new NotCounted("it divides something else than two sums");
    }

    private static Linear quantile(Call call) throws NotCounted {
        if (call.function().equals("histogram_quantile")
                && call.arguments().size() == 2
                && call.arguments().getFirst() instanceof Constant(double quantile)
                && call.arguments().getLast() instanceof Aggregation buckets) {
            var selector = sum(buckets, List.of("le")).of();
            if (!selector.metric().endsWith(BUCKET)
                    || selector.matchers().stream()
                            .anyMatch(matcher -> matcher.label().equals("le"))) {
                throw new NotCounted("it doesn't take the quantile of a whole histogram");
            }
            return new Linear(0, 1, new Quantile(quantile, selector));
        }
        throw new NotCounted("nothing is known of counts behind %s()".formatted(call.function()));
    }

    private static Sum sum(Aggregation aggregation, List<String> by) throws NotCounted {
        if (!aggregation.operator().equals("sum")
                || aggregation.without()
                || !Optional.of(aggregation.by().orElse(List.of())).equals(Optional.of(by))) {
            throw new NotCounted("nothing is known of counts behind %s()%s"
                    .formatted(aggregation.operator(), aggregation.by().isPresent() ? " by labels" : ""));
        }
        if (aggregation.arguments().size() == 1
                && aggregation.arguments().getFirst() instanceof Call(var function, var arguments)
                && INCREASES.contains(function)
                && arguments.size() == 1
                && arguments.getFirst() instanceof Range(var series, var window)
                && !series.shifted()
                && !series.selector().metric().isEmpty()) {
            return new Sum(series.selector(), function, window);
        }
        throw new NotCounted("it sums up something else than the rate or the increase of a counter");
    }
}
