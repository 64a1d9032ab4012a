package dev.aviary.router.stream;

import static org.apache.kafka.streams.processor.PunctuationType.WALL_CLOCK_TIME;

import dev.aviary.decisions.rollout.RolloutDecider;
import dev.aviary.decisions.rollout.RolloutInput;
import dev.aviary.decisions.rollout.RolloutInput.Heard;
import dev.aviary.decisions.rollout.RolloutInput.Tick;
import dev.aviary.decisions.rollout.RolloutState;
import dev.aviary.eventlog.LoggedEvent;
import dev.aviary.eventlog.LoggedEvent.Taken;
import dev.aviary.eventlog.codec.EventIds;
import dev.aviary.eventlog.codec.Read;
import dev.aviary.eventlog.topics.DeadLetter;
import dev.aviary.events.CanaryKey;
import dev.aviary.events.CanaryParked;
import dev.aviary.events.RouterDecision;
import dev.aviary.router.reconcile.Reconciler;
import dev.aviary.router.reconcile.SafeSide;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.streams.processor.Cancellable;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import org.jboss.logging.Logger;
import org.jboss.logging.MDC;

/// Kafka Streams in, [RolloutDecider], Kafka Streams out. Nothing is decided here, but that a canary with a record
/// that can't be understood is parked.
@SuppressWarnings("NullAway.Init")
class RolloutProcessor implements Processor<CanaryKey, Read, CanaryKey, Object> {
    static final String STATES = "rollout-states";
    static final String LOG = "log";
    static final String DEAD_LETTERS = "dead-letters";
    private static final Logger LOGGER = Logger.getLogger(RolloutProcessor.class);
    private static final String HOW =
            "Update the router, or have the record's writer put right; then `retry` goes on from what stands.";

    private final Reconciler reconciler;
    private final Follower follower;
    private final InstantSource clock;
    private final Map<CanaryKey, Cancellable> alarms = new HashMap<>();
    private final Map<CanaryKey, Long> readBack = new HashMap<>();
    private final Map<CanaryKey, RolloutState> shown = new HashMap<>();
    private ProcessorContext<CanaryKey, Object> context;
    private KeyValueStore<CanaryKey, Folded> states;

    /// @param clock not `context.currentSystemTimeMs()`, which is 0 in `init`
    RolloutProcessor(Reconciler reconciler, Follower follower, InstantSource clock) {
        this.reconciler = reconciler;
        this.follower = follower;
        this.clock = clock;
    }

    /// Exactly-once restores committed states only: what they decided is on the log.
    @Override
    public void init(ProcessorContext<CanaryKey, Object> context) {
        this.context = context;
        this.states = context.getStateStore(STATES);
        try (var restored = states.all()) {
            restored.forEachRemaining(
                    entry -> released(entry.key, entry.value.state().seq()));
        }
    }

    @Override
    public void process(Record<CanaryKey, Read> heard) {
        var canary = heard.key();
        switch (heard.value()) {
            case Read.Event(var logged)
            when logged.event() instanceof RouterDecision && logged.taken().isPresent() ->
                released(canary, logged.taken().get().seq());
            case Read.Event(var logged) ->
                step(canary, behind(canary), new Heard(logged.event()), Instant.ofEpochMilli(heard.timestamp()));
            case Read.Unknown(var type, boolean isDecision)
            when isDecision ->
                park(heard, "the decision %s is of a newer router, this one doesn't know it".formatted(type));
            case Read.Unknown _ -> {} // what an older reader doesn't need to know
            case Read.Broken(var why) -> {
                context.forward(new Record<>(canary, letter(why), heard.timestamp()), DEAD_LETTERS);
                park(heard, why);
            }
        }
    }

    /// Our own decision, read back: it is in the state since it was taken, but only now may it raise a weight.
    private void released(CanaryKey canary, long seq) {
        readBack.merge(canary, seq, Long::max);
        follow(canary, folded(canary).state());
    }

    private void step(CanaryKey canary, Folded before, RolloutInput input, Instant now) {
        var state = input instanceof Heard(var event) ? RolloutDecider.evolve(before.state(), event) : before.state();
        for (var decision : RolloutDecider.decide(before.state(), input, now)) {
            state = RolloutDecider.evolve(state, decision);
            say(canary, decision, state, before, now);
        }
        keep(canary, state, before);
    }

    /// Nothing can be decided safely about it any more: its traffic goes to the primary, and a person is asked.
    private void park(Record<CanaryKey, Read> heard, String why) {
        var canary = heard.key();
        var now = Instant.ofEpochMilli(heard.timestamp());
        var before = behind(canary);
        var where = context.recordMetadata()
                .map(at -> "%s, partition %d, offset %d".formatted(at.topic(), at.partition(), at.offset()))
                .orElse("");
        var decision = new CanaryParked(why, where, HOW);
        var state = RolloutDecider.evolve(before.state(), decision);
        say(canary, decision, state, before, now);
        keep(canary, state, before);
        LOGGER.errorf("%s parked why=\"%s\" where=\"%s\"", canary, why, where);
    }

    private void say(CanaryKey canary, RouterDecision decision, RolloutState state, Folded before, Instant now) {
        var taken = new Taken(state.seq(), before.after(), RolloutDecider.VERSION, now);
        var logged = LoggedEvent.decision(EventIds.decision(canary, state.seq()), decision, taken);
        context.forward(new Record<>(canary, logged, now.toEpochMilli()), LOG);
        decision.ofRollout().ifPresent(rollout -> MDC.put("rollout", rollout.toString()));
        LOGGER.infof("%s %s seq=%d", canary, decision, state.seq());
        MDC.remove("rollout");
    }

    private void keep(CanaryKey canary, RolloutState state, Folded before) {
        states.put(canary, new Folded(state, before.after()));
        readBack.putIfAbsent(canary, 0L);
        follow(canary, state);
    }

    /// Wakes us when the state is next due, and lets the cluster follow it.
    private void follow(CanaryKey canary, RolloutState state) {
        Optional.ofNullable(alarms.remove(canary)).ifPresent(Cancellable::cancel);
        RolloutDecider.nextDue(state).ifPresent(due -> alarms.put(canary, alarm(canary, due)));

        var desired = RolloutDecider.desired(state);
        boolean isRead = readBack.getOrDefault(canary, 0L) >= desired.seq();
        // Back: at once, before the transaction commits. More traffic, and a step: when the log has the decision.
        if (desired.equals(state.confirmed())) {
            reconciler.settled(canary, desired);
        } else if (isRead || !goesOn(state)) {
            reconciler.want(canary, desired, state.confirmed());
        }
        if (state.underWay() && isRead) {
            reconciler.guard(canary, desired, SafeSide.of(state));
        } else if (!state.underWay()) {
            reconciler.unguard(canary);
        }
        follower.show(canary, Optional.ofNullable(shown.put(canary, state)), state);
    }

    /// Anything but lowering the canary waits for the log: a primary that gets a template, a pod that goes, too. So
    /// does
    /// a step that sends no more traffic: else that its route stands may come onto the log before the step, and who
    /// begins with the step when its route stands, doesn't.
    private static boolean goesOn(RolloutState state) {
        var desired = RolloutDecider.desired(state);
        var confirmed = state.confirmed();
        boolean sameObjects =
                desired.stage() == confirmed.stage() && desired.primary().equals(confirmed.primary());
        boolean samePods = desired.without().isEmpty() || desired.without().equals(confirmed.without());
        return state.phase() instanceof RolloutState.Phase.Progressing
                || desired.canary().isAbove(confirmed.canary())
                || !sameObjects
                || !samePods
                || !desired.match().equals(confirmed.match());
    }

    private Cancellable alarm(CanaryKey canary, Instant due) {
        long left = Duration.between(clock.instant(), due).toMillis();
        return context.schedule(
                Duration.ofMillis(Long.max(1, left)),
                WALL_CLOCK_TIME,
                _ -> step(canary, folded(canary), new Tick(), due));
    }

    private DeadLetter letter(String why) {
        return context.recordMetadata()
                .map(at -> new DeadLetter(at.topic(), at.partition(), at.offset(), why))
                .orElseGet(() -> new DeadLetter("", -1, -1, why));
    }

    private Folded behind(CanaryKey canary) {
        var folded = folded(canary);
        return context.recordMetadata().map(folded::behind).orElse(folded);
    }

    private Folded folded(CanaryKey canary) {
        return Optional.ofNullable(states.get(canary)).orElse(Folded.NEW);
    }

    @Override
    public void close() {
        readBack.keySet().forEach(canary -> {
            reconciler.forget(canary);
            follower.forget(canary);
        });
        readBack.clear();
    }
}
