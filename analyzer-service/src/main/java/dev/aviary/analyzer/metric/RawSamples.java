package dev.aviary.analyzer.metric;

import java.util.List;
import java.util.SortedMap;

/// What a back end has stored of a range, as it was scraped.
public sealed interface RawSamples {
    record Stored(List<Series> series) implements RawSamples {}

    /// @param why a sentence's end, such as `it is away`
    record None(String why) implements RawSamples {}

    /// @param name   of the metric
    /// @param points oldest first
    record Series(String name, SortedMap<String, String> labels, List<Point> points) {}

    /// @param millis since 1970
    record Point(long millis, double value) {}
}
