package dev.aviary.cli.replay;

import dev.aviary.eventlog.topics.Entry;
import java.util.Iterator;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Predicate;

/// Entries of a topic, of which the next one is seen before it is taken.
final class Ahead {
    private final Iterator<Entry> entries;
    private Optional<Entry> next = Optional.empty();

    Ahead(Iterator<Entry> entries) {
        this.entries = entries;
    }

    boolean hasNext() {
        if (next.isEmpty() && entries.hasNext()) {
            next = Optional.of(entries.next());
        }
        return next.isPresent();
    }

    void takeWhile(Predicate<Entry> belongs, Consumer<Entry> each) {
        while (hasNext() && next.filter(belongs).isPresent()) {
            each.accept(next.orElseThrow());
            next = Optional.empty();
        }
    }

    void take(int atMost, Consumer<Entry> each) {
        for (int taken = 0; taken < atMost && hasNext(); taken++) {
            each.accept(next.orElseThrow());
            next = Optional.empty();
        }
    }
}
