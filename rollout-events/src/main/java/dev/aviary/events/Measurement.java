package dev.aviary.events;

/// What a look saw of a metric. Answers that are to be expected are types, the missing one too.
public sealed interface Measurement {
    @WireType("value")
    record Value(double value) implements Measurement {}

    /// No series: an answer, not zero and not an error. A canary without traffic has none.
    @WireType("no-data")
    record NoData() implements Measurement {}

    /// The query divides by nothing: no requests in its window.
    ///
    /// @param what `NaN`, `+Inf` or `-Inf`
    @WireType("not-a-number")
    record NotANumber(String what) implements Measurement {}

    /// The query gives more than one number, so none of them is the answer.
    @WireType("several-series")
    record SeveralSeries(int count) implements Measurement {}

    /// The back end understood, and said no: a wrong query, a missing right.
    @WireType("refused")
    record Refused(String why) implements Measurement {}

    /// The back end couldn't be reached, or failed.
    @WireType("unreachable")
    record Unreachable(String why) implements Measurement {}

    /// @param afterMillis how long was waited
    @WireType("timed-out")
    record TimedOut(long afterMillis) implements Measurement {}
}
