package dev.aviary.decisions.analysis;

import dev.aviary.events.Bounds;
import dev.aviary.events.Measurement;
import dev.aviary.events.MetricResult;
import dev.aviary.events.MetricSpec;
import dev.aviary.events.Verdict;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.Optional;

/// Flagger's judge: a value against its bounds. No value is no verdict; `strict` makes it a failed one, as in
/// Flagger.
///
/// @see <a href="https://docs.flagger.app/usage/metrics">Flagger: metrics analysis</a>
final class ThresholdJudge {
    private static final MathContext SHOWN = new MathContext(4);

    private ThresholdJudge() {}

    static MetricResult judge(MetricSpec metric, Measurement measured, boolean strict) {
        return switch (measured) {
            case Measurement.Value(double value) -> value(metric, measured, value);
            case Measurement.NotANumber(var what)
            when strict && what.endsWith("Inf") ->
                value(metric, measured, what.startsWith("-") ? Double.NEGATIVE_INFINITY : Double.POSITIVE_INFINITY);
            case Measurement.NoData() ->
                unknown(
                        metric,
                        measured,
                        strict,
                        strict
                                ? "no values found, the canary probably receives no traffic"
                                : "no data: no series matches the query, the canary may have no traffic yet");
            case Measurement.NotANumber(var what) ->
                unknown(
                        metric,
                        measured,
                        strict,
                        strict
                                ? "no values found, the query gives " + what
                                : what + ": the query divides by nothing, there were no requests in "
                                        + metric.window());
            case Measurement.SeveralSeries(int count) ->
                unknown(
                        metric,
                        measured,
                        strict,
                        "the query gives %s series where one number is wanted; put it into sum(...) or another aggregation"
                                .formatted(count));
            case Measurement.Refused(var why) -> unknown(metric, measured, strict, "refused: " + why);
            case Measurement.Unreachable(var why) -> unknown(metric, measured, strict, "no answer: " + why);
            case Measurement.TimedOut(long millis) ->
                unknown(metric, measured, strict, "no answer within %s ms".formatted(millis));
        };
    }

    /// The collector left it out; that says nothing about the canary.
    static MetricResult missing(MetricSpec metric) {
        return new MetricResult(
                metric.name(),
                new Measurement.NoData(),
                metric.bounds(),
                Verdict.INCONCLUSIVE,
                metric.name() + ": was not measured");
    }

    private static MetricResult unknown(MetricSpec metric, Measurement measured, boolean strict, String why) {
        return new MetricResult(
                metric.name(),
                measured,
                metric.bounds(),
                strict ? Verdict.FAILED : Verdict.INCONCLUSIVE,
                "%s: %s".formatted(metric.name(), why));
    }

    private static MetricResult value(MetricSpec metric, Measurement measured, double value) {
        var bounds = metric.bounds();
        return new MetricResult(
                metric.name(),
                measured,
                bounds,
                bounds.hold(value) ? Verdict.PASSED : Verdict.FAILED,
                "%s %s is %s".formatted(metric.name(), shown(value, bounds), relation(value, bounds)));
    }

    private static String relation(double value, Bounds bounds) {
        return bounds.min()
                .filter(min -> value < min)
                .map(min -> "below " + exact(min))
                .or(() -> bounds.max().filter(max -> value > max).map(max -> "above " + exact(max)))
                .orElse(bounds.toString());
    }

    /// Four digits, unless they would stand on the other side of a bound.
    private static String shown(double value, Bounds bounds) {
        if (Double.isInfinite(value) || Double.isNaN(value)) {
            return Double.toString(value);
        }
        var rounded = new BigDecimal(value, SHOWN);
        boolean sameSide = sameSide(value, rounded, bounds.min()) && sameSide(value, rounded, bounds.max());
        return sameSide ? plain(rounded) : exact(value);
    }

    private static boolean sameSide(double value, BigDecimal rounded, Optional<Double> bound) {
        return bound.map(at -> Double.compare(value, at) == Double.compare(rounded.doubleValue(), at))
                .orElse(true);
    }

    private static String exact(double value) {
        return plain(new BigDecimal(Double.toString(value)));
    }

    private static String plain(BigDecimal value) {
        return value.stripTrailingZeros().toPlainString();
    }
}
