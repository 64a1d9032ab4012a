package dev.aviary.cli.story;

import dev.aviary.events.CanaryKey;
import dev.aviary.events.RolloutEvent;
import dev.aviary.events.RolloutId;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/// The rollouts that the log has told of so far, of however many canaries.
public final class Rollouts {
    private final Map<CanaryKey, SortedMap<Long, RolloutId>> of = new HashMap<>();

    public void hear(CanaryKey canary, RolloutEvent event) {
        event.ofRollout()
                .ifPresent(
                        id -> of.computeIfAbsent(canary, _ -> new TreeMap<>()).put(id.number(), id));
    }

    public boolean has(CanaryKey canary, long number) {
        return of.getOrDefault(canary, new TreeMap<>()).containsKey(number);
    }

    public boolean isEmpty() {
        return of.isEmpty();
    }

    public SortedSet<String> clusters() {
        return of.keySet().stream().map(CanaryKey::cluster).collect(Collectors.toCollection(TreeSet::new));
    }

    /// The number of the one that is meant, in whichever cluster.
    ///
    /// @param asked number or id; empty for the last one
    public Optional<Long> asked(Optional<String> asked) {
        return of.values().stream()
                .flatMap(all -> all.values().stream())
                .filter(id -> asked.isEmpty() || isAsked(id, asked.get()))
                .map(RolloutId::number)
                .max(Long::compare);
    }

    public static boolean isAsked(RolloutId id, String asked) {
        return id.toString().equals(asked) || Long.toString(id.number()).equals(asked);
    }

    /// `rollouts 1 to 4`.
    public String words() {
        SortedSet<Long> all = new TreeSet<>();
        of.values().forEach(each -> all.addAll(each.keySet()));
        return all.size() == 1 ? "rollout " + all.first() : "rollouts %d to %d".formatted(all.first(), all.last());
    }
}
