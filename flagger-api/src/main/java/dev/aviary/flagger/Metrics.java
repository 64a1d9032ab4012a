package dev.aviary.flagger;

import dev.aviary.events.Bounds;
import dev.aviary.events.MetricSpec;
import dev.aviary.flagger.gotemplate.GoTemplate;
import dev.aviary.flagger.gotemplate.TemplateException;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// From `analysis.metrics` to questions as they are asked.
///
/// @see <a href="https://docs.flagger.app/usage/metrics">Flagger: metrics</a>
final class Metrics {
    static final String SUCCESS_RATE = "request-success-rate";
    static final String DURATION = "request-duration";
    private static final Pattern WINDOW = Pattern.compile("(\\d+(ms|s|m|h|d|w|y))+");
    private static final String DEFAULT_WINDOW = "1m";

    private final String namespace;
    private final Map<String, Object> words;
    private final CanarySpecs.Around around;
    private final CanarySpecs.Settings settings;
    private final boolean strict;

    /// @param words what the functions without arguments say in a query: `name`, `target` and so on
    Metrics(
            String namespace,
            Map<String, Object> words,
            CanarySpecs.Around around,
            CanarySpecs.Settings settings,
            boolean strict) {
        this.namespace = namespace;
        this.words = words;
        this.around = around;
        this.settings = settings;
        this.strict = strict;
    }

    List<MetricSpec> of(List<CanaryAnalysis.Metric> given) throws Refused {
        var metrics = new ArrayList<MetricSpec>();
        var names = new HashMap<String, Integer>();
        for (int index = 0; index < given.size(); index++) {
            var field = "spec.analysis.metrics[%d]".formatted(index);
            var metric = given.get(index);
            var name = metric.name();
            if (name == null || name.isEmpty()) {
                throw new Refused(field + ".name", "is missing");
            }
            var before = names.putIfAbsent(name, index);
            if (before != null) {
                throw new Refused(
                        field + ".name", "is %s, as that of metrics[%d]; give it another one".formatted(name, before));
            }
            var window = window(field + ".interval", metric.interval());
            metrics.add(new MetricSpec(name, source(field, name, metric, window), window, bounds(field, name, metric)));
        }
        return List.copyOf(metrics);
    }

    private static String window(String field, @Nullable String given) throws Refused {
        var window = given == null || given.isEmpty() ? DEFAULT_WINDOW : given;
        if (!WINDOW.matcher(window).matches()) {
            throw new Refused(field, "is \"%s\"; it must be a duration such as 30s or 1m".formatted(window));
        }
        return window;
    }

    private MetricSpec.Source source(String field, String name, CanaryAnalysis.Metric metric, String window)
            throws Refused {
        var template = metric.templateRef();
        if (template != null) {
            return template(field, metric, template, window);
        }
        var query = metric.query();
        if (query != null && !query.isBlank()) {
            return new MetricSpec.Query(rendered("", field + ".query", query, metric, window));
        }
        if (name.equals(SUCCESS_RATE) || name.equals(DURATION)) {
            return new MetricSpec.BuiltIn();
        }
        throw new Refused(
                field,
                "is named %s, which isn't built in, and has neither templateRef nor query; built in: %s, %s"
                        .formatted(name, SUCCESS_RATE, DURATION));
    }

    private MetricSpec.Source template(
            String field, CanaryAnalysis.Metric metric, Canary.CrossNamespaceRef ref, String window) throws Refused {
        var in = ref.namespace() == null || ref.namespace().isEmpty() ? namespace : ref.namespace();
        if (ref.name() == null || ref.name().isEmpty()) {
            throw new Refused(field + ".templateRef.name", "is missing");
        }
        if (settings.noCrossNamespaceRefs() && !in.equals(namespace)) {
            throw new Refused(
                    field + ".templateRef.namespace",
                    "is %s, and references to other namespaces are switched off".formatted(in));
        }
        var named = in + "/" + ref.name();
        var template = around.templates().get(named);
        if (template == null) {
            throw new Refused(field + ".templateRef", "names MetricTemplate %s, which isn't there".formatted(named));
        }
        var object = "MetricTemplate " + named;
        var spec = template.getSpec();
        var provider = spec == null ? null : spec.provider();
        var type = provider == null || provider.type() == null ? "" : provider.type();
        if (!settings.metricProviders().contains(type)) {
            throw new Refused(
                    object,
                    "spec.provider.type",
                    "is \"%s\", which no metric provider serves; known: %s"
                            .formatted(type, String.join(", ", settings.metricProviders())));
        }
        var query = spec == null || spec.query() == null ? "" : spec.query();
        if (query.isBlank()) {
            throw new Refused(object, "spec.query", "is empty");
        }
        return new MetricSpec.Template(in, ref.name(), type, rendered(object, "spec.query", query, metric, window));
    }

    private String rendered(String object, String field, String query, CanaryAnalysis.Metric metric, String window)
            throws Refused {
        var all = new HashMap<>(words);
        all.put("interval", window);
        all.put("variables", metric.templateVariables());
        try {
            return GoTemplate.parse(query, all.keySet()).render(all).strip();
        } catch (TemplateException e) {
            throw new Refused(object, field, "can't be filled in: " + e.getMessage());
        }
    }

    private Bounds bounds(String field, String name, CanaryAnalysis.Metric metric) throws Refused {
        var range = metric.thresholdRange();
        if (range == null) {
            var threshold = metric.threshold() == null ? BigDecimal.ZERO : metric.threshold();
            sensible(field + ".threshold", name, metric, threshold);
            return name.equals(SUCCESS_RATE)
                    ? new Bounds(Optional.of(threshold.doubleValue()), Optional.empty())
                    : new Bounds(Optional.empty(), Optional.of(bound(name, threshold)));
        }
        sensible(field + ".thresholdRange.min", name, metric, range.min());
        sensible(field + ".thresholdRange.max", name, metric, range.max());
        if (range.min() != null && range.max() != null && range.min().compareTo(range.max()) > 0) {
            throw new Refused(
                    field + ".thresholdRange",
                    "has min %s above max %s: no value is between"
                            .formatted(Numbers.shown(range.min()), Numbers.shown(range.max())));
        }
        return new Bounds(
                Optional.ofNullable(range.min()).map(min -> bound(name, min)),
                Optional.ofNullable(range.max()).map(max -> bound(name, max)));
    }

    /// A built-in metric is a percentage or a time; any other may be anything.
    private static void sensible(String field, String name, CanaryAnalysis.Metric metric, @Nullable BigDecimal bound)
            throws Refused {
        boolean builtIn = metric.templateRef() == null && metric.query() == null;
        if (bound == null || !builtIn) {
            return;
        }
        var _ = Numbers.between(field, bound, 0, name.equals(SUCCESS_RATE) ? 100 : Integer.MAX_VALUE);
    }

    /// Flagger cuts the bounds of a duration to whole milliseconds.
    private double bound(String name, BigDecimal given) {
        return strict && name.equals(DURATION)
                ? given.setScale(0, RoundingMode.DOWN).doubleValue()
                : given.doubleValue();
    }
}
