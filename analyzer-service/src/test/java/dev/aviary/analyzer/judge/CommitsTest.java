package dev.aviary.analyzer.judge;

import static org.assertj.core.api.Assertions.assertThat;

import dev.aviary.analyzer.Samples;
import dev.aviary.analyzer.judge.AnalysisProcessor.Folded;
import dev.aviary.decisions.analysis.Wanted;
import dev.aviary.eventlog.LoggedEvent;
import dev.aviary.eventlog.codec.CanaryKeySerde;
import dev.aviary.eventlog.codec.JsonSerde;
import dev.aviary.eventlog.codec.Read;
import dev.aviary.eventlog.topics.Topics;
import dev.aviary.events.CanaryKey;
import dev.aviary.events.GateDecided;
import dev.aviary.events.GateDecided.Outcome;
import dev.aviary.events.HookKind;
import dev.aviary.events.Measurement;
import dev.aviary.events.RolloutEvent;
import dev.aviary.events.Superseded;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.apache.kafka.streams.processor.api.MockProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// When the stream commits: what others wait for isn't left until the next commit is due.
class CommitsTest {
    private static final Instant NOON = Instant.parse("2026-01-01T12:00:00Z");

    private KeyValueStore<CanaryKey, Folded> states;
    private final MockProcessorContext<CanaryKey, Object> context = new MockProcessorContext<>();
    private Instant now = NOON;
    private long offset;
    private Wanted wanted = Wanted.NOTHING;
    private final AnalysisProcessor judge = new AnalysisProcessor(
            new Collecting() {
                @Override
                public void want(CanaryKey canary, Wanted what) {
                    wanted = what;
                }

                @Override
                public void forget(CanaryKey canary) {}
            },
            () -> now,
            _ -> true,
            Topics.DEFAULT.measurements());

    @BeforeEach
    void aStepUnderWay() {
        states = Stores.keyValueStoreBuilder(
                        Stores.inMemoryKeyValueStore(JudgeTopology.STATES),
                        new CanaryKeySerde(),
                        JsonSerde.of(Folded.class))
                .withLoggingDisabled()
                .build();
        states.init(context.getStateStoreContext(), states);
        context.addStateStore(states);
        judge.init(context);
        hear(Samples.started());
        hear(Samples.step(0));
        hear(Samples.shifted(3, 0));
    }

    @Test
    void whatIsOnlyHeardCanWait() {
        assertThat(context.committed()).isFalse();
    }

    @Test
    void aCheckIsCommittedAtOnce() {
        check();

        assertThat(context.forwarded()).hasSize(1);
        assertThat(context.committed()).isTrue();
    }

    @Test
    void aGatesAnswerIsCommittedAtOnce() {
        hear(new GateDecided(
                Samples.ROLLOUT, HookKind.CONFIRM_PROMOTION, 0, 0, Outcome.OPENED, "", Optional.empty(), "yes"));

        assertThat(context.committed()).isTrue();
    }

    @Test
    void evidenceCanWait() {
        check();
        context.resetCommit();
        context.resetForwards();

        hear(new Superseded(Samples.ROLLOUT, "v1:three"));

        assertThat(context.forwarded()).hasSize(1);
        assertThat(context.committed()).isFalse();
    }

    @Test
    void whatWasNotCommittedIsDecidedAgainByATaskThatIsRevived() {
        var committed = states.get(Samples.CHECKOUT);
        check();
        context.resetForwards();
        judge.close();
        states.put(Samples.CHECKOUT, committed);

        judge.init(context);
        now = NOON;
        check();

        assertThat(context.forwarded()).hasSize(1);
    }

    private void check() {
        now = now.plus(Duration.ofSeconds(60));
        hear(Samples.measured(wanted.look().orElseThrow(), new Measurement.Value(99.5)));
    }

    private void hear(RolloutEvent event) {
        context.setRecordMetadata(Topics.DEFAULT.rolloutEvents(), 0, offset++);
        var fact = LoggedEvent.fact(event.getClass().getName() + offset, event);
        judge.process(new Record<>(Samples.CHECKOUT, new Read.Event(fact), now.toEpochMilli()));
    }
}
