package dev.aviary.analyzer.count;

import dev.aviary.analyzer.promql.Selector;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/// The series that a selector takes. Each is held against its patterns once, not at every look.
final class Chosen {
    private final Selector selector;
    private final Set<String> ignored;
    private final Map<Series, Boolean> known = new ConcurrentHashMap<>();

    /// @param ignored labels whose matchers say nothing here
    Chosen(Selector selector, Set<String> ignored) {
        this.selector = selector;
        this.ignored = ignored;
    }

    boolean takes(Series series) {
        return series.name().equals(selector.metric())
                && known.computeIfAbsent(series, one -> selector.matches(one.name(), one.labels(), ignored));
    }
}
