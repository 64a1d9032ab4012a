package dev.aviary.analyzer.promql;

import java.util.List;
import java.util.Map;
import java.util.Set;

/// Which series of which metric.
///
/// @param metric   its name
/// @param matchers on its other labels; all have to match
public record Selector(String metric, List<Matcher> matchers) {
    public Selector {
        matchers = List.copyOf(matchers);
    }

    /// @param ignored labels whose matchers say nothing here
    public boolean matches(String name, Map<String, String> labels, Set<String> ignored) {
        return name.equals(metric)
                && matchers.stream()
                        .filter(matcher -> !ignored.contains(matcher.label()))
                        .allMatch(matcher -> matcher.matches(labels.getOrDefault(matcher.label(), "")));
    }

    /// Every series of this one is one of the other too; as far as the matchers show it.
    boolean isPartOf(Selector other) {
        return metric.equals(other.metric) && matchers.containsAll(other.matchers);
    }
}
