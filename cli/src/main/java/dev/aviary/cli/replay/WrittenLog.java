package dev.aviary.cli.replay;

import dev.aviary.decisions.analysis.AnalysisDecider;
import dev.aviary.decisions.analysis.AnalysisInput;
import dev.aviary.decisions.analysis.AnalysisState;
import dev.aviary.decisions.rollout.RolloutDecider;
import dev.aviary.decisions.rollout.RolloutInput;
import dev.aviary.decisions.rollout.RolloutState;
import dev.aviary.eventlog.LoggedEvent;
import dev.aviary.eventlog.LoggedEvent.Taken;
import dev.aviary.eventlog.codec.EventCodec;
import dev.aviary.eventlog.codec.EventIds;
import dev.aviary.eventlog.topics.Topics;
import dev.aviary.events.*;
import dev.aviary.events.Count.Counted;
import dev.aviary.events.Count.PodCount;
import dev.aviary.events.Count.Side;
import dev.aviary.events.WorkloadChanged.Role;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.apache.kafka.clients.producer.ProducerRecord;

/// A canary's log and measurements as long as one likes: rollouts of 5 % that the guard takes back, decided by both
/// deciders themselves.
final class WrittenLog {
    static final CanaryKey CHECKOUT = new CanaryKey("eu", "shop", "checkout");
    static final Topics TOPICS = Topics.DEFAULT;
    private static final String P99 = "p99";
    private static final CanarySpec SPEC = new CanarySpec(
            new WorkloadRef("Deployment", "checkout"),
            "gatewayapi:v1",
            "checkout",
            new Strategy.Progressive(List.of(Percent.of("5"), Percent.of("50")), Percent.ZERO),
            Duration.ofMinutes(30), // the guard is quicker
            2,
            Duration.ofMinutes(60),
            Duration.ofSeconds(1),
            100,
            100,
            List.of(new MetricSpec(
                    P99,
                    new MetricSpec.Query(
                            "histogram_quantile(0.99, sum(rate(http_request_duration_seconds_bucket{pod=~\"checkout-[0-9a-z]+-[0-9a-z]+\"}[1m])) by (le)) * 1000"),
                    "1m",
                    new Bounds(Optional.empty(), Optional.of(500.0)))),
            List.of(),
            false,
            false,
            false,
            false);

    private record Written(long offset, LoggedEvent logged) {}

    private final EventCodec codec = new EventCodec(this::now);
    private final Consumer<ProducerRecord<byte[], byte[]>> sink;
    private final int looks;
    private final SortedMap<String, Long> ends =
            new TreeMap<>(Map.of(TOPICS.rolloutEvents(), 0L, TOPICS.measurements(), 0L));
    private final SortedMap<String, Long> known = new TreeMap<>();
    private final SortedMap<String, Long> routed = new TreeMap<>();
    private final Deque<Written> unread = new ArrayDeque<>();
    private Instant now = Instant.parse("2026-01-01T12:00:00Z");
    private RolloutState state = RolloutState.NEW;
    private AnalysisState analysis = AnalysisState.NEW;

    /// @param looks at the requests of each rollout, on the measurements, before the first that proves it bad
    WrittenLog(int looks, Consumer<ProducerRecord<byte[], byte[]>> sink) {
        this.looks = looks;
        this.sink = sink;
    }

    /// @param records of both topics, at least
    void fill(long records) {
        hear(new CanaryApplied("uid", 1, SPEC));
        hear(revision("v1:0"));
        hear(new PrimaryUpdated(1, "v1:0", Duration.ZERO));
        hear(ready(Role.PRIMARY, "v1:0"));
        hear(new PrimaryInitialized(2, false, Percent.ZERO, Duration.ZERO));
        for (int rollout = 1; written() < records; rollout++) {
            rollout("v1:" + rollout);
        }
    }

    private void rollout(String name) {
        hear(revision(name));
        hear(ready(Role.TARGET, name));
        hear(shifted(Percent.of("5")));
        for (int look = 0; look < 10; look++) {
            hear(ready(Role.TARGET, name));
        }
        for (int look = 0; look < looks; look++) {
            count(0, 5);
        }
        for (int look = 0; look < 100 && state.phase() instanceof RolloutState.Phase.Progressing; look++) {
            count(20, 20);
        }
        hear(shifted(Percent.ZERO)); // then it drains
        hear(shifted(Percent.ZERO));
        hear(new CanaryScaled(state.seq(), 0, Duration.ZERO));
        if (!(state.phase() instanceof RolloutState.Phase.Idle)) {
            throw new IllegalStateException("rollout %s is not over: %s".formatted(name, state.phase()));
        }
    }

    private long written() {
        return ends.values().stream().mapToLong(Long::longValue).sum();
    }

    private void hear(RolloutEvent event) {
        now = now.plusSeconds(2);
        write(LoggedEvent.fact("fact-" + written(), event), now);
        read();
        for (var due = RolloutDecider.nextDue(state);
                due.isPresent() && due.get().isBefore(now.plusSeconds(2));
                due = RolloutDecider.nextDue(state)) {
            route(new RolloutInput.Tick(), due.get());
            read();
        }
    }

    private void count(long failures, long total) {
        now = now.plusSeconds(1);
        var guard = AnalysisDecider.wanted(analysis).guard().orElseThrow();
        var counted = new RequestsCounted(
                guard.rollout(),
                guard.step(),
                guard.look(),
                guard.question(),
                new TreeMap<>(Map.of(
                        P99,
                        new Counted(
                                Count.Source.PODS,
                                0.01,
                                "took longer than 500 ms",
                                Optional.empty(),
                                List.of(
                                        new PodCount("checkout-5f-x", "node-1", Side.CANARY, failures, total),
                                        new PodCount("checkout-primary-7c-a", "node-1", Side.PRIMARY, 0, 48),
                                        new PodCount("checkout-primary-7c-b", "node-2", Side.PRIMARY, 0, 47))))));
        send(TOPICS.measurements(), LoggedEvent.fact("look-" + written(), counted), now);
        judge(counted, TOPICS.measurements(), ends.getOrDefault(TOPICS.measurements(), 0L) - 1);
        read();
    }

    /// Both services read the log in its order; each has its own decisions in its state already.
    private void read() {
        while (!unread.isEmpty()) {
            var next = unread.removeFirst();
            var event = next.logged().event();
            if (!(event instanceof RouterDecision)) {
                routed.put(TOPICS.rolloutEvents(), next.offset());
                route(new RolloutInput.Heard(event), now);
            }
            if (!(event instanceof AnalyzerEvent)) {
                judge(event, TOPICS.rolloutEvents(), next.offset());
            }
        }
    }

    private void route(RolloutInput input, Instant at) {
        var before = state;
        state = input instanceof RolloutInput.Heard(var event) ? RolloutDecider.evolve(before, event) : before;
        for (var decision : RolloutDecider.decide(before, input, at)) {
            state = RolloutDecider.evolve(state, decision);
            var taken = new Taken(state.seq(), routed, RolloutDecider.VERSION, at);
            write(LoggedEvent.decision(EventIds.decision(CHECKOUT, state.seq()), decision, taken), at);
        }
    }

    private void judge(RolloutEvent event, String topic, long offset) {
        known.put(topic, offset);
        var before = analysis;
        analysis = AnalysisDecider.evolve(before, event, now);
        for (var decision : AnalysisDecider.decide(before, new AnalysisInput.Heard(event), now)) {
            analysis = AnalysisDecider.evolve(analysis, decision, now);
            var taken = new Taken(analysis.seq(), known, AnalysisDecider.VERSION, now);
            write(LoggedEvent.decision("judged-" + analysis.seq(), decision, taken), now);
        }
    }

    private void write(LoggedEvent logged, Instant at) {
        unread.add(new Written(send(TOPICS.rolloutEvents(), logged, at), logged));
    }

    private long send(String topic, LoggedEvent logged, Instant at) {
        var record = codec.write(topic, CHECKOUT, logged);
        sink.accept(new ProducerRecord<>(topic, 0, at.toEpochMilli(), record.key(), record.value(), record.headers()));
        return ends.merge(topic, 1L, Long::sum) - 1;
    }

    private TrafficShifted shifted(Percent canary) {
        return new TrafficShifted(state.seq(), canary, Percent.ZERO, Duration.ZERO);
    }

    private static RevisionDetected revision(String name) {
        return new RevisionDetected(name, Optional.empty(), List.of("app:" + name), List.of(), new TreeMap<>());
    }

    private static WorkloadChanged ready(Role role, String revision) {
        return new WorkloadChanged(
                role == Role.PRIMARY ? "checkout-primary" : "checkout",
                role,
                true,
                revision,
                new Replicas(1, 1, 1, 1, true),
                Optional.empty());
    }

    private Instant now() {
        return now;
    }
}
