package dev.aviary.detector.watch;

import dev.aviary.eventlog.LoggedEvent;
import dev.aviary.eventlog.codec.EventIds;
import dev.aviary.events.CanaryApplied;
import dev.aviary.events.CanaryKey;
import dev.aviary.events.CanaryRejected;
import dev.aviary.events.DetectorEvent;
import dev.aviary.events.OperatorCommanded;
import dev.aviary.events.RolloutLabelled;
import dev.aviary.flagger.CanarySpecs;
import dev.aviary.flagger.CanarySpecs.Resolved;
import dev.aviary.flagger.Revision;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedSet;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.apache.kafka.common.KafkaException;
import org.jboss.logging.Logger;
import org.jboss.logging.MDC;

/// Says what the log doesn't know yet, one canary at a time, on a thread of its own, while this detector is the active
/// one.
/// Whatever changes only marks a canary to be looked at: a flood of changes is one look.
public final class Teller implements AutoCloseable {
    private static final Logger LOG = Logger.getLogger(Teller.class);
    private static final Duration AGAIN = Duration.ofSeconds(1);
    private static final Duration SYNC_LOOK = Duration.ofMillis(20);

    private final String clusterName;
    private final Optional<String> namespace;
    private final Cluster cluster;
    private final Looking looking;
    private final Log log;
    private final InstantSource clock;
    private final Consumer<DetectorEvent> counted;
    private final Thread thread = Thread.ofPlatform().name("detector-teller").unstarted(this::run);

    private final BlockingQueue<Boolean> wakes = new ArrayBlockingQueue<>(1);
    private final SequencedSet<String> marked = new LinkedHashSet<>();
    private final AtomicBoolean running = new AtomicBoolean(true);
    private volatile boolean active;
    private volatile Optional<String> problem = Optional.of("starting");

    private Map<CanaryKey, Said> said = new HashMap<>();
    private final Map<CanaryKey, Revision> computed = new HashMap<>();
    private final Set<String> misunderstood = new HashSet<>();

    /// @param counted hears of every event that is said
    public Teller(
            String clusterName,
            Optional<String> namespace,
            Cluster cluster,
            CanarySpecs.Settings settings,
            boolean configTracking,
            KubernetesSerialization serialization,
            KafkaLog log,
            InstantSource clock,
            Consumer<DetectorEvent> counted) {
        this.clusterName = clusterName;
        this.namespace = namespace;
        this.cluster = cluster;
        this.looking = new Looking(cluster, settings, configTracking, serialization);
        this.log = log;
        this.clock = clock;
        this.counted = counted;
    }

    /// Starts watching too.
    public void start() {
        cluster.start(this::changed);
        thread.start();
    }

    /// Only marks; it may be called from any thread.
    private void changed(HasMetadata object) {
        if (active) {
            mark(looking.concerned(object));
        }
    }

    /// From now on this detector is the active one, or isn't any more.
    public void active(boolean now) {
        active = now;
        wake();
    }

    /// Why it isn't telling what it should; empty also while another detector is active.
    public Optional<String> problem() {
        return active ? problem.or(log::lost) : Optional.empty();
    }

    public boolean isAlive() {
        return thread.isAlive();
    }

    @Override
    public void close() {
        running.set(false);
        wake();
        try {
            var _ = thread.join(Duration.ofSeconds(5));
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    private void run() {
        while (running.get()) {
            try {
                if (!active || !cluster.isComplete()) {
                    pause(SYNC_LOOK);
                    continue;
                }
                begin();
                problem = Optional.empty();
                while (running.get() && active && log.lost().isEmpty()) {
                    next().ifPresent(this::tell);
                }
                log.lost().ifPresent(why -> {
                    LOG.warnf("reading the log anew why=\"%s\"", why);
                    pause(AGAIN);
                });
            } catch (KafkaException e) {
                problem = Optional.of("the log can't be reached: " + e.getMessage());
                LOG.warnf("the log can't be reached, trying again why=\"%s\"", e.getMessage());
                pause(AGAIN);
            }
        }
    }

    private void begin() {
        said = log.read();
        mark(cluster.canaries().stream().map(Looking::key).toList());
        mark(said.keySet().stream()
                .filter(key -> namespace.isEmpty() || namespace.get().equals(key.namespace()))
                .map(key -> key.namespace() + "/" + key.name())
                .toList());
        LOG.infof("telling canaries=%d known=%d", cluster.canaries().size(), said.size());
    }

    private void tell(String named) {
        int slash = named.indexOf('/');
        var key = new CanaryKey(clusterName, named.substring(0, slash), named.substring(slash + 1));
        var known = said.getOrDefault(key, Said.NOTHING);
        var seen = looking.at(key.namespace(), key.name(), known);
        var previous = Optional.ofNullable(computed.get(key));
        for (var event : News.of(seen, known, previous, clock.instant())) {
            log.say(key, LoggedEvent.fact(id(key, event, known), event));
            known = known.and(event, clock.instant());
            said.put(key, known);
            report(key, event, seen);
        }
        seen.flatMap(Seen::revision).ifPresent(found -> {
            if (found instanceof Revision.Known(var revision)) {
                computed.put(key, revision);
            }
        });
        seen.flatMap(Seen::command).ifPresent(command -> misunderstood(key, command));
    }

    private static String id(CanaryKey key, DetectorEvent event, Said known) {
        var hash = switch (event) {
            case OperatorCommanded command -> EventIds.content(command.id());
            case RolloutLabelled label -> EventIds.content(label.id());
            default -> EventIds.content(event, known.count());
        };
        return EventIds.observed(key, event.getClass(), hash);
    }

    private void report(CanaryKey key, DetectorEvent event, Optional<Seen> seen) {
        counted.accept(event);
        MDC.put("canary", key.toString());
        try {
            if (event instanceof CanaryRejected rejected) {
                LOG.warnf("%s rejected why=\"%s\"", key, rejected.sentence());
            } else {
                LOG.infof("%s %s", key, Words.of(event));
            }
            if (event instanceof CanaryApplied
                    && seen.isPresent()
                    && seen.get().resolution() instanceof Resolved(var _, var notes)) {
                notes.forEach(note -> LOG.warnf("%s applied in part why=\"%s\"", key, note));
            }
        } finally {
            MDC.remove("canary");
        }
    }

    private void misunderstood(CanaryKey key, Seen.Command command) {
        if (News.understood(command).isEmpty() && misunderstood.add(key + " " + command.id())) {
            LOG.warnf(
                    "%s command not known command=\"%s\" rollout=\"%s\" outcome=\"%s\" id=%s",
                    key, command.verb(), command.rollout(), command.outcome(), command.id());
        }
    }

    private Optional<String> next() {
        var first = first();
        if (first.isEmpty()) {
            pause(AGAIN);
        }
        return first;
    }

    private Optional<String> first() {
        synchronized (marked) {
            return marked.isEmpty() ? Optional.empty() : Optional.of(marked.removeFirst());
        }
    }

    private void mark(Collection<String> canaries) {
        synchronized (marked) {
            marked.addAll(canaries);
        }
        wake();
    }

    private void wake() {
        var _ = wakes.offer(true);
    }

    /// Until something wakes us, at most this long.
    private void pause(Duration most) {
        try {
            var _ = wakes.poll(most.toNanos(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException _) {
            running.set(false);
        }
    }
}
