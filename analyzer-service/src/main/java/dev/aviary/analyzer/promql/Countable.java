package dev.aviary.analyzer.promql;

/// What is counted for a metric, or why nothing is.
public sealed interface Countable {
    /// Failures among all requests, both sums of counters.
    ///
    /// @param part    the good ones or the failed ones
    /// @param good    which of the two
    /// @param allowed failure ratio that the bound allows, between 0 and 1, both excluded
    record Ratio(Selector part, boolean good, Selector total, double allowed) implements Countable {}

    /// Requests above a bound, of a histogram.
    ///
    /// @param buckets without `le`; the name ends in `_bucket`
    /// @param bound   in the histogram's own unit
    /// @param allowed share of requests that may be above, between 0 and 1, both excluded
    record Above(Selector buckets, double bound, double allowed) implements Countable {}

    /// @param reason completes "its value alone is checked, for …"
    record ThresholdOnly(String reason) implements Countable {}
}
