package dev.aviary.router.stream;

import dev.aviary.eventlog.codec.CanaryKeySerde;
import dev.aviary.eventlog.codec.EventSerde;
import dev.aviary.eventlog.codec.JsonSerde;
import dev.aviary.eventlog.codec.ReadSerde;
import dev.aviary.eventlog.topics.DeadLetter;
import dev.aviary.eventlog.topics.Topics;
import dev.aviary.router.reconcile.Reconciler;
import java.time.InstantSource;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.state.Stores;

/// Log in, log out, with one store between: state, decisions and offsets commit together.
public final class RolloutTopology {
    private RolloutTopology() {}

    public static Topology of(Topics topics, Reconciler reconciler, Follower follower, InstantSource clock) {
        return of(topics, topics.rolloutEvents(), reconciler, follower, clock);
    }

    /// @param said where decisions go; the test driver would read its own log back at once
    static Topology of(Topics topics, String said, Reconciler reconciler, Follower follower, InstantSource clock) {
        var keys = new CanaryKeySerde();
        var states = Stores.keyValueStoreBuilder(
                Stores.persistentKeyValueStore(RolloutProcessor.STATES), keys, JsonSerde.of(Folded.class));
        return new Topology()
                .addSource("heard", keys.deserializer(), new ReadSerde().deserializer(), topics.rolloutEvents())
                .addProcessor("rollout", () -> new RolloutProcessor(reconciler, follower, clock), "heard")
                .addStateStore(states, "rollout")
                .addSink(RolloutProcessor.LOG, said, keys.serializer(), new EventSerde().serializer(), "rollout")
                .addSink(
                        RolloutProcessor.DEAD_LETTERS,
                        topics.deadLetters(),
                        keys.serializer(),
                        JsonSerde.of(DeadLetter.class).serializer(),
                        "rollout");
    }
}
