package dev.aviary.analyzer.judge;

import static org.apache.kafka.streams.processor.PunctuationType.WALL_CLOCK_TIME;

import dev.aviary.analyzer.EventNames;
import dev.aviary.decisions.analysis.AnalysisDecider;
import dev.aviary.decisions.analysis.AnalysisInput;
import dev.aviary.decisions.analysis.AnalysisInput.Heard;
import dev.aviary.decisions.analysis.AnalysisInput.Tick;
import dev.aviary.decisions.analysis.AnalysisState;
import dev.aviary.decisions.analysis.Wanted;
import dev.aviary.eventlog.LoggedEvent;
import dev.aviary.eventlog.LoggedEvent.Taken;
import dev.aviary.eventlog.codec.Read;
import dev.aviary.eventlog.topics.DeadLetter;
import dev.aviary.events.AnalyzerEvent;
import dev.aviary.events.CanaryKey;
import dev.aviary.events.CheckCompleted;
import dev.aviary.events.EvidenceRecorded;
import dev.aviary.events.GateDecided;
import dev.aviary.events.ShadowDiffered;
import dev.aviary.events.Verdict;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.apache.kafka.streams.processor.Cancellable;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;
import org.apache.kafka.streams.state.KeyValueStore;
import org.jboss.logging.Logger;
import org.jboss.logging.MDC;

/// Kafka Streams in, [AnalysisDecider], Kafka Streams out. Nothing is decided here.
@SuppressWarnings("NullAway.Init")
final class AnalysisProcessor implements Processor<CanaryKey, Read, CanaryKey, Object> {
    private static final Logger LOG = Logger.getLogger(AnalysisProcessor.class);

    /// @param after offset of the last input that is in the state, per topic
    record Folded(AnalysisState state, SortedMap<String, Long> after) {
        static final Folded NEW = new Folded(AnalysisState.NEW, new TreeMap<>());

        Folded behind(RecordMetadata input) {
            var next = new TreeMap<>(after);
            next.put(input.topic(), input.offset());
            return new Folded(state, next);
        }
    }

    private final Collecting collector;
    private final InstantSource clock;
    private final Predicate<CanaryKey> ours;
    private final String measurements;
    private final Map<CanaryKey, Cancellable> alarms = new HashMap<>();

    /// What is in the store, as it was last read or written: a look is judged every second, and reading its state again
    /// would take as long as judging it. Empty whenever a task begins: what wasn't committed by then never was.
    private final Map<CanaryKey, Folded> known = new HashMap<>();

    private final Set<CanaryKey> followed = new HashSet<>();
    private ProcessorContext<CanaryKey, Object> context;
    private KeyValueStore<CanaryKey, Folded> states;

    /// @param clock        not `context.currentSystemTimeMs()`, which is 0 in `init`
    /// @param ours         whose canaries these are: a log may tell of several clusters
    /// @param measurements its topic: what can't be read there is our dead letter, elsewhere the router's
    AnalysisProcessor(Collecting collector, InstantSource clock, Predicate<CanaryKey> ours, String measurements) {
        this.collector = collector;
        this.clock = clock;
        this.ours = ours;
        this.measurements = measurements;
    }

    /// Exactly-once restores committed states only: what they decided is on the log.
    @Override
    public void init(ProcessorContext<CanaryKey, Object> context) {
        this.context = context;
        this.states = context.getStateStore(JudgeTopology.STATES);
        known.clear(); // a task that is revived after an aborted transaction has the same processor
        try (var restored = states.all()) {
            restored.forEachRemaining(entry -> follow(entry.key, entry.value.state()));
        }
    }

    @Override
    public void process(Record<CanaryKey, Read> heard) {
        if (!ours.test(heard.key())) {
            return;
        }
        var metadata = context.recordMetadata().orElseThrow();
        switch (heard.value()) {
            case Read.Event(var logged) ->
                heard(heard.key(), logged, metadata, Instant.ofEpochMilli(heard.timestamp()));
            case Read.Broken(var why)
            when metadata.topic().equals(measurements) -> {
                LOG.warnf("%s measurement can't be read offset=%d reason=\"%s\"", heard.key(), metadata.offset(), why);
                var letter = new DeadLetter(metadata.topic(), metadata.partition(), metadata.offset(), why);
                context.forward(new Record<>(heard.key(), letter, heard.timestamp()), JudgeTopology.DEAD_LETTERS);
            }
            case Read.Broken _, Read.Unknown _ -> {} // the router parks the canary
        }
    }

    /// Our own decision, read back, is in the state since it was taken.
    private void heard(CanaryKey canary, LoggedEvent logged, RecordMetadata metadata, Instant now) {
        boolean own = logged.taken().isPresent() && logged.event() instanceof AnalyzerEvent;
        if (!own) {
            step(canary, folded(canary).behind(metadata), new Heard(logged.event()), now);
        }
    }

    private void step(CanaryKey canary, Folded before, AnalysisInput input, Instant now) {
        var state =
                input instanceof Heard(var event) ? AnalysisDecider.evolve(before.state(), event, now) : before.state();
        for (var decision : AnalysisDecider.decide(before.state(), state, input, now)) {
            state = AnalysisDecider.evolve(state, decision, now);
            var taken = new Taken(state.seq(), before.after(), AnalysisDecider.VERSION, now);
            var said = LoggedEvent.decision(EventNames.of(canary, decision), decision, taken);
            context.forward(new Record<>(canary, said, now.toEpochMilli()), JudgeTopology.SAID);
            if (isWaitedFor(decision)) {
                context.commit();
            }
            log(canary, decision);
        }
        var next = new Folded(state, before.after());
        states.put(canary, next);
        known.put(canary, next);
        if (input instanceof Heard(GateDecided _)) {
            context.commit(); // it was asked outside: after a restart it would be asked and said once more
        }
        follow(canary, state);
    }

    /// Wakes us when the state is next due, and lets the collector follow it.
    private void follow(CanaryKey canary, AnalysisState state) {
        Optional.ofNullable(alarms.remove(canary)).ifPresent(Cancellable::cancel);
        var wanted = AnalysisDecider.wanted(state);
        wanted.look().map(Wanted.Look::until).ifPresent(due -> alarms.put(canary, alarm(canary, due)));
        followed.add(canary);
        collector.want(canary, wanted);
    }

    private Cancellable alarm(CanaryKey canary, Instant due) {
        long left = Duration.between(clock.instant(), due).toMillis();
        return context.schedule(
                Duration.ofMillis(Long.max(1, left)),
                WALL_CLOCK_TIME,
                _ -> step(canary, folded(canary), new Tick(), due));
    }

    private Folded folded(CanaryKey canary) {
        return known.computeIfAbsent(
                canary, _ -> Optional.ofNullable(states.get(canary)).orElse(Folded.NEW));
    }

    /// A rollout goes on, or back, by it. Most looks say nothing, and what they leave is committed now and then.
    private static boolean isWaitedFor(AnalyzerEvent decision) {
        return !(decision instanceof EvidenceRecorded || decision instanceof ShadowDiffered);
    }

    private static void log(CanaryKey canary, AnalyzerEvent decision) {
        if (decision instanceof CheckCompleted check) {
            MDC.put("canary", canary.toString());
            MDC.put("rollout", check.rollout().toString());
            LOG.logf(
                    check.verdict() == Verdict.PASSED ? Logger.Level.INFO : Logger.Level.WARN,
                    "%s check %s step=%d look=%d reason=\"%s\"",
                    canary,
                    check.verdict().name().toLowerCase(java.util.Locale.ROOT),
                    check.step(),
                    check.look(),
                    String.join("; ", check.reasons()));
            MDC.remove("canary");
            MDC.remove("rollout");
        }
    }

    @Override
    public void close() {
        followed.forEach(collector::forget);
    }
}
