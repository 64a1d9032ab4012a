package dev.aviary.analyzer.judge;

import dev.aviary.analyzer.judge.AnalysisProcessor.Folded;
import dev.aviary.eventlog.codec.CanaryKeySerde;
import dev.aviary.eventlog.codec.EventSerde;
import dev.aviary.eventlog.codec.JsonSerde;
import dev.aviary.eventlog.codec.ReadSerde;
import dev.aviary.eventlog.topics.DeadLetter;
import dev.aviary.eventlog.topics.Topics;
import dev.aviary.events.CanaryKey;
import java.time.InstantSource;
import java.util.function.Predicate;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.state.Stores;

/// Log and measurements in, checks and evidence out.
public final class JudgeTopology {
    static final String STATES = "analysis-states";
    static final String SAID = "said";
    static final String DEAD_LETTERS = "dead-letters";
    private static final String JUDGE = "judge";

    private JudgeTopology() {}

    /// @param ours whose canaries these are: a log may tell of several clusters
    public static Topology of(Topics topics, Collecting collector, InstantSource clock, Predicate<CanaryKey> ours) {
        var keys = new CanaryKeySerde();
        var read = new ReadSerde();
        var events = new EventSerde(clock);
        var states =
                Stores.keyValueStoreBuilder(Stores.persistentKeyValueStore(STATES), keys, JsonSerde.of(Folded.class));
        return new Topology()
                .addSource(
                        "heard",
                        keys.deserializer(),
                        read.deserializer(),
                        topics.rolloutEvents(),
                        topics.measurements())
                .addProcessor(
                        JUDGE, () -> new AnalysisProcessor(collector, clock, ours, topics.measurements()), "heard")
                .addStateStore(states, JUDGE)
                .addSink(SAID, topics.rolloutEvents(), keys.serializer(), events.serializer(), JUDGE)
                .addSink(
                        DEAD_LETTERS,
                        topics.deadLetters(),
                        keys.serializer(),
                        JsonSerde.of(DeadLetter.class).serializer(),
                        JUDGE);
    }
}
