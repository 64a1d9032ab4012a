package dev.aviary.analyzer.metric;

import static java.util.stream.Collectors.joining;

import dev.aviary.analyzer.live.LiveObjects;
import dev.aviary.events.CanaryKey;
import dev.aviary.events.CanarySpec;
import dev.aviary.events.Measurement;
import dev.aviary.events.MetricSpec;
import dev.aviary.flagger.MetricTemplate;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/// All metrics of one look: finds for each where it is asked and how; equal questions are asked once.
public final class Metrics {
    private static final String DEFAULT_WINDOW = "1m";

    private final LiveObjects live;
    private final SortedMap<String, MetricProvider> providers = new TreeMap<>();
    private final String metricsServer;
    private final Duration timeout;

    /// @param providers     all that there are
    /// @param metricsServer Prometheus' URL where the Canary names none
    public Metrics(LiveObjects live, Iterable<MetricProvider> providers, String metricsServer, Duration timeout) {
        this.live = live;
        providers.forEach(provider -> this.providers.put(provider.type(), provider));
        this.metricsServer = metricsServer;
        this.timeout = timeout;
    }

    /// What each metric of the spec is now, by its name. May block.
    public SortedMap<String, Measurement> measure(CanaryKey canary, CanarySpec spec) {
        var asked = new HashMap<MetricQuery, Measurement>();
        var measured = new TreeMap<String, Measurement>();
        for (var metric : spec.metrics()) {
            measured.put(
                    metric.name(), BuiltInQueries.wholeMillis(metric.name(), measure(canary, spec, metric, asked)));
        }
        return measured;
    }

    /// What a metric's check asks of a Prometheus; empty if it asks another back end, or nothing.
    ///
    /// @throws LiveObjects.UnavailableException if it can't be told now
    public Optional<String> promql(CanaryKey canary, CanarySpec spec, MetricSpec metric) {
        return switch (metric.source()) {
            case MetricSpec.BuiltIn() -> BuiltInQueries.of(metric.name(), spec, canary.namespace(), window(metric));
            case MetricSpec.Query(var promql) -> Optional.of(promql);
            case MetricSpec.Template template ->
                template.type().equals("prometheus") ? Optional.of(template.query()) : Optional.empty();
        };
    }

    private Measurement measure(
            CanaryKey canary, CanarySpec spec, MetricSpec metric, Map<MetricQuery, Measurement> asked) {
        try {
            return switch (metric.source()) {
                case MetricSpec.BuiltIn() ->
                    BuiltInQueries.of(metric.name(), spec, canary.namespace(), window(metric))
                            .map(query -> inPrometheus(canary, spec, metric, query, asked))
                            .orElseGet(() -> unknown(metric, spec));
                case MetricSpec.Query(var promql) -> inPrometheus(canary, spec, metric, promql, asked);
                case MetricSpec.Template template -> byTemplate(spec, metric, template, asked);
            };
        } catch (LiveObjects.UnavailableException away) {
            return new Measurement.Unreachable(String.valueOf(away.getMessage()));
        }
    }

    private static Measurement unknown(MetricSpec metric, CanarySpec spec) {
        return new Measurement.Refused(
                BuiltInQueries.NAMES.contains(metric.name())
                        ? "spec.provider %s has no built-in %s; known: %s. Give the metric a templateRef"
                                .formatted(spec.provider(), metric.name(), String.join(", ", BuiltInQueries.PROVIDERS))
                        : "it isn't built in (known: %s) and has neither templateRef nor query"
                                .formatted(String.join(", ", BuiltInQueries.NAMES)));
    }

    private Measurement inPrometheus(
            CanaryKey canary, CanarySpec spec, MetricSpec metric, String query, Map<MetricQuery, Measurement> asked) {
        return ask("prometheus", question(backend(canary), query, metric, spec), asked);
    }

    private Backend backend(CanaryKey canary) {
        return Backend.at(live.canary(canary.namespace(), canary.name())
                .flatMap(object -> Optional.ofNullable(object.getSpec()))
                .flatMap(object -> Optional.ofNullable(object.metricsServer()))
                .filter(url -> !url.isBlank())
                .orElse(metricsServer));
    }

    private Measurement byTemplate(
            CanarySpec spec, MetricSpec metric, MetricSpec.Template template, Map<MetricQuery, Measurement> asked) {
        try {
            return ask(template.type(), question(backend(template), template.query(), metric, spec), asked);
        } catch (UnusableException unusable) {
            return new Measurement.Refused(unusable.sentence);
        }
    }

    /// The samples behind a metric's query, where the metric is asked of a Prometheus. May block.
    ///
    /// @param range a selector with its range, such as `hits_total{status="200"}[1m]`
    public RawSamples raw(CanaryKey canary, CanarySpec spec, MetricSpec metric, String range) {
        try {
            var backend = metric.source() instanceof MetricSpec.Template template ? backend(template) : backend(canary);
            return Optional.ofNullable(providers.get("prometheus"))
                    .map(provider -> provider.raw(question(backend, range, metric, spec)))
                    .orElseGet(() -> new RawSamples.None("no Prometheus is known"));
        } catch (UnusableException unusable) {
            return new RawSamples.None(unusable.sentence);
        } catch (LiveObjects.UnavailableException away) {
            return new RawSamples.None(String.valueOf(away.getMessage()));
        }
    }

    private static final class UnusableException extends Exception {
        private static final long serialVersionUID = 1;
        private final String sentence;

        UnusableException(String sentence) {
            super(sentence);
            this.sentence = sentence;
        }
    }

    private Backend backend(MetricSpec.Template template) throws UnusableException {
        var name = "MetricTemplate %s/%s".formatted(template.namespace(), template.name());
        var provider = live.template(template.namespace(), template.name())
                .flatMap(object -> Optional.ofNullable(object.getSpec()))
                .flatMap(object -> Optional.ofNullable(object.provider()))
                .orElseThrow(
                        () -> new UnusableException(name + " is not there, or has no spec.provider; apply it again"));
        var secret = secret(template.namespace(), provider)
                .orElseThrow(() -> new UnusableException(
                        "%s names a Secret that isn't in namespace %s".formatted(name, template.namespace())));
        return new Backend(
                Optional.ofNullable(provider.address()).orElse(metricsServer),
                provider.headers(),
                secret,
                Boolean.TRUE.equals(provider.insecureSkipVerify()));
    }

    /// From the template's own namespace only.
    ///
    /// @return empty if one is named that isn't there
    private Optional<Map<String, String>> secret(String namespace, MetricTemplate.Provider provider) {
        var name = Optional.ofNullable(provider.secretRef()).flatMap(ref -> Optional.ofNullable(ref.name()));
        return name.isEmpty() ? Optional.of(Map.of()) : live.secret(namespace, name.get());
    }

    private MetricQuery question(Backend backend, String query, MetricSpec metric, CanarySpec spec) {
        return new MetricQuery(backend, query, window(metric), timeout, spec.strict());
    }

    private Measurement ask(String type, MetricQuery query, Map<MetricQuery, Measurement> asked) {
        return Optional.ofNullable(providers.get(type))
                .map(provider -> asked.computeIfAbsent(query, provider::measure))
                .orElseGet(() -> new Measurement.Refused("no provider of type '%s' is known; known: %s"
                        .formatted(type, providers.keySet().stream().collect(joining(", ")))));
    }

    private static String window(MetricSpec metric) {
        return metric.window().isBlank() ? DEFAULT_WINDOW : metric.window();
    }
}
