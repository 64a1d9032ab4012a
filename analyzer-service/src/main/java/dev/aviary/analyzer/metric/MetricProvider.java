package dev.aviary.analyzer.metric;

import dev.aviary.events.Measurement;

/// Asks one kind of metric back end. One implementation per product; it is found by CDI, so a new one is a new file
/// and no other Java change.
///
/// Called from a virtual thread: it may block, for `timeout` and not much longer. It doesn't retry: the next look does.
public interface MetricProvider {
    /// As in a MetricTemplate's `spec.provider.type`: `prometheus`, `datadog`.
    String type();

    /// What the back end says now. Never throws: whatever goes wrong is a [Measurement] too, without secrets in its
    /// words.
    Measurement measure(MetricQuery query);

    /// Samples as they were scraped, where the back end keeps them; never throws either.
    ///
    /// @param query whose text names a range
    default RawSamples raw(MetricQuery query) {
        return new RawSamples.None(type() + " shows no raw counters");
    }
}
