package dev.aviary.eventlog.codec;

import dev.aviary.events.AnalyzerEvent;
import dev.aviary.events.DetectorEvent;
import dev.aviary.events.NotifierEvent;
import dev.aviary.events.RolloutEvent;
import dev.aviary.events.RouterDecision;
import dev.aviary.events.RouterOutcome;
import dev.aviary.events.WireType;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/// Names on the wire and the records behind them, found through `permits`: no list is kept by hand.
public final class WireTypes {
    private static final SortedMap<String, Class<? extends RolloutEvent>> EVENTS = events();

    private WireTypes() {}

    /// Every event, by its name such as `step-started.v1`.
    public static SortedMap<String, Class<? extends RolloutEvent>> all() {
        return EVENTS;
    }

    /// Of an event's class, such as `step-started.v1`.
    public static String of(Class<? extends RolloutEvent> event) {
        return written(event)
                .orElseThrow(
                        () -> new IllegalStateException(event.getName() + " has no @WireType: write its name down"));
    }

    /// Who may say it, as on the wire: `router-decision`.
    public static String says(RolloutEvent event) {
        return dashed(
                switch (event) {
                    case DetectorEvent _ -> DetectorEvent.class;
                    case RouterDecision _ -> RouterDecision.class;
                    case RouterOutcome _ -> RouterOutcome.class;
                    case AnalyzerEvent _ -> AnalyzerEvent.class;
                    case NotifierEvent _ -> NotifierEvent.class;
                });
    }

    /// The service that says it: `router`.
    static String service(RolloutEvent event) {
        var says = says(event);
        return says.substring(0, says.indexOf('-'));
    }

    /// The records of a sealed type, those of sealed types below it included.
    static Stream<Class<?>> leaves(Class<?> type) {
        return type.isSealed() ? Stream.of(type.getPermittedSubclasses()).flatMap(WireTypes::leaves) : Stream.of(type);
    }

    /// What tells a record from the others of its sealed type: its `@WireType`, else its simple name with dashes.
    static String kind(Class<?> type) {
        return written(type).orElseGet(() -> dashed(type));
    }

    /// `FAILED_CHECKS` is `failed-checks`.
    static String dashed(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    private static String dashed(Class<?> type) {
        return type.getSimpleName().replaceAll("(?<=[a-z0-9])(?=[A-Z])", "-").toLowerCase(Locale.ROOT);
    }

    private static Optional<String> written(Class<?> type) {
        return Optional.ofNullable(type.getAnnotation(WireType.class)).map(WireType::value);
    }

    private static SortedMap<String, Class<? extends RolloutEvent>> events() {
        var events = new TreeMap<String, Class<? extends RolloutEvent>>();
        List<Class<?>> leaves = leaves(RolloutEvent.class).toList();
        for (var leaf : leaves) {
            Class<? extends RolloutEvent> event = leaf.asSubclass(RolloutEvent.class);
            var twin = events.put(of(event), event);
            if (twin != null) {
                throw new IllegalStateException("%s and %s have the same @WireType \"%s\""
                        .formatted(twin.getName(), event.getName(), of(event)));
            }
        }
        return Collections.unmodifiableSortedMap(events);
    }
}
