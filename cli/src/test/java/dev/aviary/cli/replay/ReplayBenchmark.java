package dev.aviary.cli.replay;

import dev.aviary.decisions.rollout.RolloutDecider;
import dev.aviary.decisions.rollout.RolloutInput;
import dev.aviary.decisions.rollout.RolloutState;
import dev.aviary.eventlog.LoggedEvent;
import dev.aviary.eventlog.LoggedEvent.Taken;
import dev.aviary.eventlog.codec.EventCodec;
import dev.aviary.eventlog.codec.EventIds;
import dev.aviary.eventlog.streams.EmbeddedBroker;
import dev.aviary.eventlog.topics.LogConnection;
import dev.aviary.eventlog.topics.Topics;
import dev.aviary.events.*;
import dev.aviary.events.WorkloadChanged.Role;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;

/// How many records a second a replay takes. `write DIR EVENTS` starts a broker, fills a log with rollouts that are
/// taken back by the guard, prints the broker's address and waits; `read HOST:PORT` replays it, in a process of its
/// own.
/// See docs/benchmarks.
final class ReplayBenchmark {
    private static final CanaryKey CHECKOUT = new CanaryKey("eu", "shop", "checkout");
    private static final Topics TOPICS = Topics.DEFAULT;
    private static final CanarySpec SPEC = new CanarySpec(
            new WorkloadRef("Deployment", "checkout"),
            "gatewayapi:v1",
            "checkout",
            new Strategy.Progressive(List.of(Percent.of("5"), Percent.of("50")), Percent.ZERO),
            Duration.ofSeconds(60),
            2,
            Duration.ofMinutes(10),
            Duration.ofSeconds(1),
            100,
            100,
            List.of(),
            List.of(),
            false,
            false,
            false,
            false);

    private final EventCodec codec = new EventCodec(this::now);
    private final KafkaProducer<byte[], byte[]> kafka;
    private Instant now = Instant.parse("2026-01-01T12:00:00Z");
    private RolloutState state = RolloutState.NEW;
    private long offset = -1;
    private long heard = -1;

    private ReplayBenchmark(KafkaProducer<byte[], byte[]> kafka) {
        this.kafka = kafka;
    }

    public static void main(String[] arguments) throws Exception {
        switch (arguments[0]) {
            case "write" -> write(Path.of(arguments[1]), Long.parseLong(arguments[2]));
            case "read" -> read(LogConnection.to(arguments[1]));
            default -> throw new IllegalArgumentException("write DIR EVENTS, or read HOST:PORT");
        }
    }

    private static void write(Path folder, long events) throws Exception {
        try (var broker = EmbeddedBroker.start(folder, 0)) {
            var log = LogConnection.to(broker.bootstrapServers());
            try (var admin = log.admin()) {
                admin.createTopics(List.of(
                                new NewTopic(TOPICS.rolloutEvents(), 1, (short) 1)
                                        .configs(Map.of("retention.ms", "-1")), // its times are long ago
                                new NewTopic(TOPICS.measurements(), 1, (short) 1)))
                        .all()
                        .get();
            }
            var settings = new java.util.HashMap<>(log.properties());
            settings.put("linger.ms", 20);
            settings.put("batch.size", 1_000_000);
            var bytes = new org.apache.kafka.common.serialization.ByteArraySerializer();
            try (var producer = new KafkaProducer<>(settings, bytes, bytes)) {
                new ReplayBenchmark(producer).fill(events);
            }
            System.out.println(broker.bootstrapServers());
            while (System.in.read() >= 0) {} // until it is closed
        }
    }

    private static void read(LogConnection log) {
        for (int run = 0; run < 2; run++) {
            var cpu = ManagementFactory.getThreadMXBean();
            long wall = System.nanoTime();
            long busy = cpu.getCurrentThreadCpuTime();
            var read = new long[1];
            var results = Replays.of(log, TOPICS, CHECKOUT, _ -> true, Instant.now(), records -> read[0] = records);
            double seconds = (System.nanoTime() - wall) / 1e9;
            System.out.printf(
                    "%d records in %.2f s, %.0f a second, %.2f s of the thread's CPU, heap %d MB%n",
                    read[0],
                    seconds,
                    read[0] / seconds,
                    (cpu.getCurrentThreadCpuTime() - busy) / 1e9,
                    (Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory()) >> 20);
            results.forEach(System.out::println);
        }
    }

    private void fill(long events) {
        hear(new CanaryApplied("uid", 1, SPEC));
        hear(revision("v1:0"));
        hear(new PrimaryUpdated(1, "v1:0", Duration.ZERO));
        hear(ready(Role.PRIMARY, "v1:0"));
        hear(new PrimaryInitialized(2, false, Percent.ZERO, Duration.ZERO));
        for (int rollout = 1; offset < events; rollout++) {
            var name = "v1:" + rollout;
            hear(revision(name));
            hear(ready(Role.TARGET, name));
            hear(shifted(Percent.of("5")));
            for (int look = 0; look < 10; look++) {
                hear(ready(Role.TARGET, name));
            }
            hear(new GuardTripped(
                    new RolloutId(state.rollouts(), name), 0, 3, "p99", 7.3, 0.001, "3 of 3 slower than 500 ms"));
            hear(shifted(Percent.ZERO)); // then it drains
            hear(shifted(Percent.ZERO));
            hear(new CanaryScaled(state.seq(), 0, Duration.ZERO));
            if (!(state.phase() instanceof RolloutState.Phase.Idle)) {
                throw new IllegalStateException("rollout %d is not over: %s".formatted(rollout, state.phase()));
            }
        }
    }

    private void hear(RolloutEvent event) {
        now = now.plusSeconds(2);
        send(LoggedEvent.fact("fact-" + offset, event), now);
        heard = offset;
        follow(new RolloutInput.Heard(event), now);
        for (var due = RolloutDecider.nextDue(state);
                due.isPresent() && due.get().isBefore(now.plusSeconds(2));
                due = RolloutDecider.nextDue(state)) {
            follow(new RolloutInput.Tick(), due.get());
        }
    }

    private void follow(RolloutInput input, Instant at) {
        var before = state;
        state = input instanceof RolloutInput.Heard(var event) ? RolloutDecider.evolve(before, event) : before;
        for (var decision : RolloutDecider.decide(before, input, at)) {
            state = RolloutDecider.evolve(state, decision);
            var taken = new Taken(
                    state.seq(), new TreeMap<>(Map.of(TOPICS.rolloutEvents(), heard)), RolloutDecider.VERSION, at);
            send(LoggedEvent.decision(EventIds.decision(CHECKOUT, state.seq()), decision, taken), at);
        }
    }

    private void send(LoggedEvent logged, Instant at) {
        var record = codec.write(TOPICS.rolloutEvents(), CHECKOUT, logged);
        kafka.send(new ProducerRecord<>(
                record.topic(), 0, at.toEpochMilli(), record.key(), record.value(), record.headers()));
        offset++;
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
