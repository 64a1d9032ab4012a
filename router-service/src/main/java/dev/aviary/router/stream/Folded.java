package dev.aviary.router.stream;

import dev.aviary.decisions.rollout.RolloutState;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.kafka.streams.processor.api.RecordMetadata;

/// What is kept of a canary, committed together with what was decided and the offsets.
///
/// @param after offset of the last input that is in the state, per topic
record Folded(RolloutState state, SortedMap<String, Long> after) {
    static final Folded NEW = new Folded(RolloutState.NEW, new TreeMap<>());

    Folded behind(RecordMetadata input) {
        var next = new TreeMap<>(after);
        next.put(input.topic(), input.offset());
        return new Folded(state, next);
    }
}
