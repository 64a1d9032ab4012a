package dev.aviary.notifier.alert;

import dev.aviary.eventlog.LoggedEvent;
import dev.aviary.events.CanaryKey;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/// What is known of the canaries of each partition. A partition that is new to this instance is read from its
/// beginning,
/// once, so that a restart goes on with the same knowledge. Not safe for threads: one listener owns it.
public final class Memory {
    private static final int IDS = 5_000;

    /// Reads a partition again.
    public interface History {
        /// In order, each event before the offset.
        void before(int partition, long offset, Consumer<Entry> heard);
    }

    public record Entry(CanaryKey canary, LoggedEvent logged) {}

    private final History history;
    private final Map<Integer, Partition> partitions = new HashMap<>();

    public Memory(History history) {
        this.history = history;
    }

    /// Takes the event in.
    ///
    /// @return what was known before; empty if the event is a repeat
    public Optional<Known> hear(int partition, long offset, Entry entry) {
        return partitions
                .computeIfAbsent(partition, _ -> recalled(partition, offset))
                .hear(entry);
    }

    /// The partition goes to another instance, or comes from one.
    public void forget(int partition) {
        partitions.remove(partition);
    }

    private Partition recalled(int partition, long offset) {
        var recalled = new Partition();
        history.before(partition, offset, recalled::hear);
        return recalled;
    }

    private static final class Partition {
        private final Map<CanaryKey, Known> canaries = new HashMap<>();
        private final Map<String, Boolean> ids = new LinkedHashMap<>() {
            @Override
            protected boolean removeEldestEntry(Map.Entry<String, Boolean> eldest) {
                return size() > IDS;
            }
        };

        Optional<Known> hear(Entry entry) {
            if (ids.putIfAbsent(entry.logged().id(), true) != null) {
                return Optional.empty();
            }
            var before = canaries.getOrDefault(entry.canary(), Known.NOTHING);
            canaries.put(entry.canary(), before.hear(entry.logged().event()));
            return Optional.of(before);
        }
    }
}
