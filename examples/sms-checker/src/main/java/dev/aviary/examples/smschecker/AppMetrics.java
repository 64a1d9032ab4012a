package dev.aviary.examples.smschecker;

import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.Gauge;
import io.prometheus.metrics.core.metrics.Histogram;
import io.prometheus.metrics.expositionformats.ExpositionFormats;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.prometheus.metrics.model.snapshots.Unit;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import org.jspecify.annotations.Nullable;

/// What Prometheus reads. Health, readiness and `/metrics` itself are no requests and are not counted.
final class AppMetrics {
    // 0.5 is the seed experiment's bound: with an edge there, the share above it is a count, not an estimate.
    private static final double[] REQUEST_SECONDS = {0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10};
    private static final double[] PREDICTION_SECONDS = {0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1};

    private final PrometheusRegistry registry = new PrometheusRegistry();
    private final ExpositionFormats formats = ExpositionFormats.init();

    private final Counter requests = Counter.builder()
            .name("index_requests_total")
            .help("Requests for / and /sms, and for pages that are not there")
            .labelNames("status")
            .register(registry);
    private final Histogram uiDuration = Histogram.builder()
            .name("ui_request_duration_seconds")
            .help("From the request to its answer")
            .classicOnly()
            .classicUpperBounds(REQUEST_SECONDS)
            .register(registry);
    private final Gauge inFlight = Gauge.builder()
            .name("ui_requests_in_flight")
            .help("Requests under way")
            .register(registry);
    private final Histogram predictionLatency = Histogram.builder()
            .name("prediction_latency_seconds")
            .help("Time of one prediction")
            .classicOnly()
            .classicUpperBounds(PREDICTION_SECONDS)
            .register(registry);
    private final Histogram httpDuration = Histogram.builder()
            .name("http_request_duration_seconds")
            .help("The same, by status: what Flagger's built-in metrics ask for")
            .labelNames("status")
            .classicOnly()
            .classicUpperBounds(REQUEST_SECONDS)
            .register(registry);

    AppMetrics() {
        // From zero, not from the first request: a rate needs the sample before it.
        for (String status : new String[] {"200", "500"}) {
            requests.initLabelValues(status);
            httpDuration.initLabelValues(status);
        }
    }

    void began() {
        inFlight.inc();
    }

    void answered(int status, long nanos) {
        double seconds = Unit.nanosToSeconds(nanos);
        requests.labelValues(Integer.toString(status)).inc();
        uiDuration.observe(seconds);
        httpDuration.labelValues(Integer.toString(status)).observe(seconds);
    }

    void ended() {
        inFlight.dec();
    }

    void predicted(long nanos) {
        predictionLatency.observe(Unit.nanosToSeconds(nanos));
    }

    /// @param accept the scraper's `Accept` header
    Scrape scrape(@Nullable String accept) {
        var writer = formats.findWriter(accept);
        var text = new ByteArrayOutputStream();
        try {
            writer.write(text, registry.scrape());
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible); // it goes to memory
        }
        return new Scrape(writer.getContentType(), text.toByteArray());
    }

    @SuppressWarnings("ArrayRecordComponent") // handed on at once, never compared
    record Scrape(String contentType, byte[] body) {}
}
