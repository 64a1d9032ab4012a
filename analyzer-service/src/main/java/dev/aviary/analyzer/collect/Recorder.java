package dev.aviary.analyzer.collect;

import dev.aviary.events.CanaryKey;
import dev.aviary.events.Measurement;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.Map;
import java.util.SortedMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;

/// The values last measured, under Flagger's name for them: `flagger_canary_metric_analysis{name,namespace,metric}`.
///
/// @see <a href="https://docs.flagger.app/usage/monitoring#metrics">Flagger: metrics</a>
public final class Recorder {
    private record Series(String name, String namespace, String metric) {}

    private final MeterRegistry registry;
    private final Map<Series, AtomicReference<Double>> values = new ConcurrentHashMap<>();

    public Recorder(MeterRegistry registry) {
        this.registry = registry;
    }

    /// @param target Flagger's `name` is the target's
    void measured(CanaryKey canary, String target, SortedMap<String, Measurement> measured) {
        measured.forEach((metric, measurement) -> {
            if (measurement instanceof Measurement.Value(double value)) {
                var series = new Series(target, canary.namespace(), metric);
                values.computeIfAbsent(series, this::registered).set(exported(metric, value));
            }
        });
    }

    /// Flagger exports durations in seconds.
    private static double exported(String metric, double value) {
        return metric.equals("request-duration") ? value / 1000 : value;
    }

    private AtomicReference<Double> registered(Series series) {
        var value = new AtomicReference<>(Double.NaN);
        Gauge.builder("flagger_canary_metric_analysis", value, AtomicReference::get)
                .description("Last value of a metric of the canary's analysis")
                .tag("name", series.name())
                .tag("namespace", series.namespace())
                .tag("metric", series.metric())
                .strongReference(true)
                .register(registry);
        return value;
    }
}
