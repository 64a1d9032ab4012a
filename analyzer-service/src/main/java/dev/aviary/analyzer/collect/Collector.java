package dev.aviary.analyzer.collect;

import dev.aviary.analyzer.count.Counting;
import dev.aviary.analyzer.judge.Collecting;
import dev.aviary.decisions.analysis.Wanted;
import dev.aviary.events.AnalyzerEvent;
import dev.aviary.events.CanaryKey;
import dev.aviary.events.Count;
import dev.aviary.events.HookKind;
import dev.aviary.events.RequestsCounted;
import dev.aviary.events.RolloutId;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.function.BiConsumer;
import java.util.stream.Stream;
import org.jboss.logging.Logger;
import org.jboss.logging.MDC;

/// Takes the looks and asks the gates that the analysis wants, never on the stream thread. What is kept here may be
/// lost: the state wants it again.
public final class Collector implements Collecting {
    private static final Logger LOG = Logger.getLogger(Collector.class);

    /// Between two tries to say something.
    static final Duration PAUSE = Duration.ofSeconds(1);

    private record GateId(RolloutId rollout, HookKind kind, int step) {
        static GateId of(Wanted.Gate gate) {
            return new GateId(gate.rollout(), gate.kind(), gate.step());
        }
    }

    /// The guard's looks at one rollout; one at a time, one after the other.
    private static final class Watch {
        private final Wanted.Guard begun;
        private final Counting.Session session;
        private int next;
        private SortedMap<String, Count> told = new TreeMap<>();
        private Optional<Pause> pause = Optional.empty();

        Watch(Wanted.Guard begun, Counting.Session session) {
            this.begun = begun;
            this.session = session;
        }

        boolean isOf(Wanted.Guard guard) {
            return guard.rollout().equals(begun.rollout())
                    && guard.question().equals(begun.question())
                    && isAhead(guard) == isAhead(begun);
        }

        /// Of the first step: the canary has no traffic, and perhaps no pod that answers.
        static boolean isAhead(Wanted.Guard guard) {
            return guard.step() < 0;
        }

        /// A look that tells nothing new is not told: a quiet service doesn't fill the log.
        boolean isNews(SortedMap<String, Count> counts) {
            return !counts.equals(told)
                    || counts.values().stream()
                            .anyMatch(count -> count instanceof Count.Counted counted
                                    && !counted.pods().isEmpty());
        }
    }

    /// Between two looks of a watch.
    private record Pause(Instant from, Duration time) {}

    private record LookId(RolloutId rollout, int step, int look) {
        static LookId of(Wanted.Look look) {
            return new LookId(look.rollout(), look.step(), look.look());
        }
    }

    /// A look may fall due earlier than it was to.
    private record Due(LookId id, Instant at) {
        static Due of(Wanted.Look look) {
            return new Due(LookId.of(look), look.due());
        }
    }

    /// What is wanted of one canary; guarded by itself.
    private static final class Post {
        private Wanted wanted = Wanted.NOTHING;
        private final Map<GateId, Integer> attempts = new HashMap<>();
        private Optional<Watch> watch = Optional.empty();

        Optional<Wanted.Look> look(LookId id) {
            return wanted.look().filter(look -> LookId.of(look).equals(id));
        }

        Optional<Wanted.Gate> gate(GateId id) {
            return wanted.gates().stream()
                    .filter(gate -> GateId.of(gate).equals(id))
                    .findFirst();
        }
    }

    private final Executor threads;
    private final BiConsumer<Duration, Runnable> later;
    private final InstantSource clock;
    private final World world;
    private final Counting counting;
    private final Voice voice;
    private final Map<CanaryKey, Post> posts = new ConcurrentHashMap<>();

    /// @param threads one virtual thread per task when live, `Runnable::run` in tests
    /// @param later   runs a task after a delay, on such a thread
    public Collector(
            Executor threads,
            BiConsumer<Duration, Runnable> later,
            InstantSource clock,
            World world,
            Counting counting,
            Voice voice) {
        this.threads = threads;
        this.later = later;
        this.clock = clock;
        this.world = world;
        this.counting = counting;
        this.voice = voice;
    }

    /// What is under way already isn't begun once more.
    @Override
    public void want(CanaryKey canary, Wanted wanted) {
        var post = posts.computeIfAbsent(canary, _ -> new Post());
        List<Runnable> begun;
        synchronized (post) {
            var before = post.wanted;
            post.wanted = wanted;
            var gates = wanted.gates().stream().map(GateId::of).toList();
            post.attempts.keySet().retainAll(gates);
            var looks = wanted.look().filter(look -> !before.look().map(Due::of).equals(Optional.of(Due.of(look))));
            begun = Stream.of(
                            looks.stream().map(Due::of).map(due -> (Runnable) () -> await(canary, post, due)),
                            gates.stream()
                                    .filter(id -> post.attempts.putIfAbsent(id, 0) == null)
                                    .map(id -> (Runnable) () -> threads.execute(() -> ask(canary, post, id))),
                            newWatch(canary, post)
                                    .map(watch -> (Runnable) () -> threads.execute(() -> count(canary, post, watch)))
                                    .stream(),
                            sooner(canary, post).stream())
                    .flatMap(tasks -> tasks)
                    .toList();
        }
        begun.forEach(Runnable::run);
    }

    @Override
    public void forget(CanaryKey canary) {
        want(canary, Wanted.NOTHING);
        posts.remove(canary);
    }

    private void await(CanaryKey canary, Post post, Due due) {
        current(post, due.id()).filter(look -> look.due().equals(due.at())).ifPresent(look -> {
            var left = Duration.between(clock.instant(), due.at());
            if (left.isPositive()) {
                later.accept(left, () -> await(canary, post, due));
            } else {
                threads.execute(() -> take(canary, post, due.id()));
            }
        });
    }

    /// One whose time is over is left to the judge, which says so.
    private void take(CanaryKey canary, Post post, LookId id) {
        current(post, id)
                .filter(look -> clock.instant().isBefore(look.until()))
                .ifPresent(look -> inContext(canary, id.rollout(), () -> {
                    var measured = world.look(canary, look);
                    LOG.debugf("%s look step=%d look=%d metrics=%s", canary, id.step(), id.look(), measured.metrics());
                    say(canary, measured, () -> current(post, id).isPresent());
                }));
    }

    private Optional<Watch> newWatch(CanaryKey canary, Post post) {
        var wanted = post.wanted.guard();
        var kept = post.watch.filter(watch -> wanted.filter(watch::isOf).isPresent());
        if (kept.isPresent() || wanted.isEmpty()) {
            post.watch = kept;
            return Optional.empty();
        }
        var guard = wanted.get();
        var now = clock.instant();
        post.watch = Optional.of(new Watch(
                guard,
                Watch.isAhead(guard)
                        ? counting.ahead(canary, guard.spec(), now)
                        : counting.begin(canary, guard.spec(), now)));
        return post.watch;
    }

    /// A look that is planned already and is wanted sooner by now.
    private Optional<Runnable> sooner(CanaryKey canary, Post post) {
        return post.watch.flatMap(watch -> watch.pause.flatMap(planned -> pace(post, watch)
                .filter(pace -> pace.compareTo(planned.time()) < 0)
                .map(pace -> planned(canary, post, watch, new Pause(planned.from(), pace)))));
    }

    private void next(CanaryKey canary, Post post, Watch watch) {
        Optional<Runnable> next;
        synchronized (post) {
            next = pace(post, watch).map(pace -> planned(canary, post, watch, new Pause(clock.instant(), pace)));
        }
        next.ifPresent(Runnable::run);
    }

    private static Optional<Duration> pace(Post post, Watch watch) {
        return current(post, watch).map(guard -> watch.session.pace(guard.every()));
    }

    /// A pause ends in one look, one that another took the place of in none.
    private Runnable planned(CanaryKey canary, Post post, Watch watch, Pause pause) {
        watch.pause = Optional.of(pause);
        var left = Duration.between(clock.instant(), pause.from().plus(pause.time()));
        return () -> later.accept(left.isPositive() ? left : Duration.ZERO, () -> {
            if (isOver(post, watch, pause)) {
                count(canary, post, watch);
            }
        });
    }

    private static boolean isOver(Post post, Watch watch, Pause pause) {
        synchronized (post) {
            if (!watch.pause.equals(Optional.of(pause))) {
                return false;
            }
            watch.pause = Optional.empty();
            return true;
        }
    }

    /// What was counted is said until the log has it; the next look begins behind it.
    private void count(CanaryKey canary, Post post, Watch watch) {
        current(post, watch)
                .ifPresent(guard -> inContext(canary, guard.rollout(), () -> {
                    SortedMap<String, Count> counts;
                    try {
                        counts = watch.session.look();
                    } catch (RuntimeException ours) { // one look that fails mustn't end all others
                        LOG.errorf(ours, "%s not counted step=%d, next try in %s", canary, guard.step(), guard.every());
                        next(canary, post, watch);
                        return;
                    }
                    LOG.debugf("%s counted step=%d metrics=%s", canary, guard.step(), counts);
                    if (watch.isNews(counts)) {
                        watch.told = counts;
                        watch.next = Math.max(watch.next, guard.look());
                        tell(
                                canary,
                                post,
                                watch,
                                new RequestsCounted(
                                        guard.rollout(), guard.step(), watch.next++, guard.question(), counts));
                    } else {
                        next(canary, post, watch);
                    }
                }));
    }

    private void tell(CanaryKey canary, Post post, Watch watch, RequestsCounted counted) {
        current(post, watch).ifPresent(_ -> {
            if (voice.say(canary, counted)) {
                next(canary, post, watch);
            } else {
                LOG.warnf("%s counts not on the log, next try in %d ms", canary, PAUSE.toMillis());
                later.accept(PAUSE, () -> tell(canary, post, watch, counted));
            }
        });
    }

    private static Optional<Wanted.Guard> current(Post post, Watch watch) {
        synchronized (post) {
            return post.watch.filter(watch::equals).flatMap(_ -> post.wanted.guard());
        }
    }

    private void say(CanaryKey canary, AnalyzerEvent event, java.util.function.BooleanSupplier isWanted) {
        if (isWanted.getAsBoolean() && !voice.say(canary, event)) {
            LOG.warnf("%s measurement not on the log, next try in %d ms", canary, PAUSE.toMillis());
            later.accept(PAUSE, () -> say(canary, event, isWanted));
        }
    }

    private void ask(CanaryKey canary, Post post, GateId id) {
        current(post, id)
                .ifPresent(gate -> inContext(canary, id.rollout(), () -> {
                    int attempt = attempt(post, gate);
                    var answer = world.ask(canary, gate, attempt);
                    LOG.debugf(
                            "%s gate %s asked step=%d attempt=%d outcome=%s",
                            canary, id.kind().word(), id.step(), attempt, answer.outcome());
                    var now = current(post, id);
                    boolean news = id.kind() == HookKind.PRE_ROLLOUT
                            || now.filter(still -> still.answer().equals(Optional.of(answer.outcome())))
                                    .isEmpty();
                    boolean said = now.isPresent() && (!news || voice.say(canary, answer));
                    now.ifPresent(still -> later.accept(said ? still.every() : PAUSE, () -> ask(canary, post, id)));
                }));
    }

    /// Grows over restarts and over answers that aren't read back yet.
    private static int attempt(Post post, Wanted.Gate gate) {
        synchronized (post) {
            int attempt = Integer.max(gate.attempt(), post.attempts.getOrDefault(GateId.of(gate), 0));
            post.attempts.computeIfPresent(GateId.of(gate), (_, _) -> attempt + 1);
            return attempt;
        }
    }

    private static Optional<Wanted.Look> current(Post post, LookId id) {
        synchronized (post) {
            return post.look(id);
        }
    }

    private static Optional<Wanted.Gate> current(Post post, GateId id) {
        synchronized (post) {
            return post.gate(id);
        }
    }

    private static void inContext(CanaryKey canary, RolloutId rollout, Runnable task) {
        MDC.put("canary", canary.toString());
        MDC.put("rollout", rollout.toString());
        try {
            task.run();
        } finally {
            MDC.remove("canary");
            MDC.remove("rollout");
        }
    }
}
