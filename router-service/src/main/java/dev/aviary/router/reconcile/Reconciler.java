package dev.aviary.router.reconcile;

import dev.aviary.decisions.rollout.Desired;
import dev.aviary.events.CanaryKey;
import dev.aviary.events.CanaryScaled;
import dev.aviary.events.Percent;
import dev.aviary.events.PodRemoved;
import dev.aviary.events.PrimaryInitialized;
import dev.aviary.events.PrimaryUpdated;
import dev.aviary.events.RouteChangedByHand;
import dev.aviary.events.RouterOutcome;
import dev.aviary.events.TargetRestored;
import dev.aviary.events.TrafficShifted;
import dev.aviary.events.WentBlind;
import dev.aviary.events.WriteFailed;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BiConsumer;
import org.jboss.logging.Logger;

/// Makes the cluster what the state wants, one write at a time per canary, never on the stream thread.
/// A wish is tried until it is answered on the log; what is kept here may be lost, the state wishes again.
public final class Reconciler {
    public interface World {
        /// Makes it so and reads it back; answers also if all was so already. May block.
        ///
        /// @param confirmed what is known to stand; what differs from it is answered
        /// @param since     when it was wished
        /// @param nextTry   when it would be tried again, for [WriteFailed] to say
        /// @return one outcome for each thing that was done; the last may be a [WriteFailed]
        List<RouterOutcome> apply(
                CanaryKey canary, Desired desired, Desired confirmed, Instant since, Duration nextTry);

        /// Repairs what drifted, all but the weights: those are only told of.
        ///
        /// @param standing what was confirmed
        Optional<RouteChangedByHand> inspect(CanaryKey canary, Desired standing);

        /// Takes traffic to the safe side without the log's word.
        ///
        /// @return the canary's share afterwards
        Percent retreat(CanaryKey canary, Desired committed, SafeSide safe);
    }

    /// The log, by an ordinary idempotent producer outside the stream's transactions; what is said comes back as
    /// an input, like everything else.
    public interface Outcomes {
        /// Returns when the log has it, false if it couldn't be had: then it is done and said again. May block.
        boolean say(CanaryKey canary, RouterOutcome outcome);
    }

    private record Wish(Desired desired, Desired confirmed, Instant since) {}

    /// What the watchdog needs of a rollout that is under way.
    ///
    /// @param orphaned another instance may have it now; certain when the log is reached again
    private record UnderWay(Desired committed, SafeSide safe, boolean orphaned) {}

    static final Duration FIRST_PAUSE = Duration.ofSeconds(1);
    static final Duration LONGEST_PAUSE = Duration.ofSeconds(32);
    private static final Logger LOG = Logger.getLogger(Reconciler.class);

    private final Executor threads;
    private final BiConsumer<Duration, Runnable> later;
    private final World world;
    private final Outcomes outcomes;
    private final InstantSource clock;
    private final Map<CanaryKey, Wish> pending = new ConcurrentHashMap<>();
    private final Map<CanaryKey, Desired> fulfilled = new ConcurrentHashMap<>();
    private final Map<CanaryKey, Desired> standing = new ConcurrentHashMap<>();
    private final Map<CanaryKey, UnderWay> underWay = new ConcurrentHashMap<>();
    private final Map<CanaryKey, String> troubles = new ConcurrentHashMap<>();
    private final Map<CanaryKey, RouteChangedByHand> told = new ConcurrentHashMap<>();
    private final Map<CanaryKey, Lock> turns = new ConcurrentHashMap<>();

    /// @param threads one virtual thread per task when live, `Runnable::run` in tests
    /// @param later   runs a task after a delay, on such a thread
    public Reconciler(
            Executor threads,
            BiConsumer<Duration, Runnable> later,
            World world,
            Outcomes outcomes,
            InstantSource clock) {
        this.threads = threads;
        this.later = later;
        this.world = world;
        this.outcomes = outcomes;
        this.clock = clock;
    }

    /// Returns at once. The last wish wins; one that is being tried already, or waits for its next try, is
    /// not tried once more; nor is one whose answer is on its way through the log.
    public void want(CanaryKey canary, Desired desired, Desired confirmed) {
        var wish = new Wish(desired, confirmed, clock.instant());
        if (desired.equals(fulfilled.get(canary)) && !pending.containsKey(canary)) {
            return;
        }
        var before = pending.put(canary, wish);
        if (before == null || !before.desired().equals(desired)) {
            threads.execute(() -> attempt(canary, desired, FIRST_PAUSE));
        }
    }

    /// Nothing is wished for: what is confirmed is as it should be, and is looked after from now on.
    public void settled(CanaryKey canary, Desired confirmed) {
        pending.remove(canary);
        var before = standing.put(canary, confirmed);
        if (before == null) { // first sight of it here: it may have changed while nobody looked
            changed(canary);
        }
    }

    /// A watch saw one of its objects change.
    public void changed(CanaryKey canary) {
        if (standing.containsKey(canary) && !pending.containsKey(canary)) {
            threads.execute(() -> inspect(canary, FIRST_PAUSE));
        }
    }

    /// A rollout is under way, on committed ground: this is where it stands if the log should be lost.
    public void guard(CanaryKey canary, Desired committed, SafeSide safe) {
        underWay.put(canary, new UnderWay(committed, safe, false));
    }

    /// No rollout of this canary is under way.
    public void unguard(CanaryKey canary) {
        underWay.remove(canary);
    }

    /// Another instance has this canary now. While nobody knows, the watchdog keeps its eye on it.
    public void forget(CanaryKey canary) {
        pending.remove(canary);
        standing.remove(canary);
        fulfilled.remove(canary);
        troubles.remove(canary);
        told.remove(canary);
        underWay.computeIfPresent(canary, (_, at) -> new UnderWay(at.committed(), at.safe(), true));
    }

    /// The log is there: who else has a canary now has been told.
    public void seesTheLog() {
        underWay.values().removeIf(UnderWay::orphaned);
    }

    /// The log has been away for too long.
    public void retreat(Duration without) {
        underWay.forEach((canary, at) -> threads.execute(() -> retreat(canary, at, without)));
    }

    private void attempt(CanaryKey canary, Desired desired, Duration pause) {
        inTurn(canary, () -> {
            var wish = pending.get(canary);
            if (wish == null || !desired.equals(wish.desired())) {
                return; // a newer wish waits for its turn, or none is left
            }
            if (answered(canary, apply(canary, wish, pause))) {
                standing.put(canary, desired);
                fulfilled.put(canary, desired);
                told.remove(canary);
                pending.computeIfPresent(canary, (_, now) -> now.desired().equals(desired) ? null : now);
            } else {
                later.accept(pause, () -> attempt(canary, desired, longer(pause)));
            }
        });
    }

    private List<RouterOutcome> apply(CanaryKey canary, Wish wish, Duration pause) {
        try {
            return world.apply(canary, wish.desired(), wish.confirmed(), wish.since(), pause);
        } catch (RuntimeException bug) { // says so and goes on trying: a wish must never be left without an answer
            LOG.errorf(bug, "%s write failed seq=%d", canary, wish.desired().seq());
            return List.of(new WriteFailed(wish.desired().seq(), "write", bug.toString(), pause));
        }
    }

    private boolean answered(CanaryKey canary, List<RouterOutcome> done) {
        boolean all = true;
        for (var outcome : done) {
            all &= answered(canary, outcome);
        }
        return all;
    }

    private boolean answered(CanaryKey canary, RouterOutcome outcome) {
        return switch (outcome) {
            case WriteFailed failed -> {
                if (!failed.why().equals(troubles.get(canary)) && outcomes.say(canary, failed)) {
                    LOG.warnf(
                            "%s write failed seq=%d what=\"%s\" why=\"%s\" nextTry=%s",
                            canary, failed.seq(), failed.what(), failed.why(), failed.nextTry());
                    troubles.put(canary, failed.why());
                }
                yield false;
            }
            case TrafficShifted _,
                    PrimaryInitialized _,
                    PrimaryUpdated _,
                    CanaryScaled _,
                    PodRemoved _,
                    TargetRestored _,
                    RouteChangedByHand _,
                    WentBlind _ -> {
                boolean said = outcomes.say(canary, outcome);
                if (said) {
                    troubles.remove(canary);
                    LOG.infof("%s %s", canary, outcome);
                }
                yield said;
            }
        };
    }

    private void inspect(CanaryKey canary, Duration pause) {
        inTurn(canary, () -> {
            var confirmed = standing.get(canary);
            if (confirmed == null || pending.containsKey(canary)) {
                return;
            }
            try {
                world.inspect(canary, confirmed)
                        .filter(changed -> !changed.equals(told.get(canary)))
                        .filter(changed -> answered(canary, changed))
                        .ifPresent(changed -> {
                            told.put(canary, changed);
                            fulfilled.remove(canary); // what was done isn't so any more
                        });
            } catch (RuntimeException failed) {
                LOG.warnf("%s not inspected why=\"%s\" nextTry=%s", canary, failed.getMessage(), pause);
                later.accept(pause, () -> inspect(canary, longer(pause)));
            }
        });
    }

    private void retreat(CanaryKey canary, UnderWay at, Duration without) {
        inTurn(canary, () -> {
            if (!underWay.remove(canary, at)) {
                return; // it went on in between, or has retreated
            }
            try {
                var share = world.retreat(canary, at.committed(), at.safe());
                standing.put(canary, lowered(at.committed(), share));
                fulfilled.remove(canary);
                LOG.warnf(
                        "%s went blind seq=%d canary=%s%% without=%s",
                        canary, at.committed().seq(), share, without);
                tell(canary, new WentBlind(at.committed().seq(), share, without), FIRST_PAUSE);
            } catch (RuntimeException failed) { // the next look tries again
                LOG.errorf(
                        "%s not taken back though the log is away without=%s why=\"%s\"",
                        canary, without, failed.getMessage());
                underWay.putIfAbsent(canary, at);
            }
        });
    }

    /// Until the log is there again.
    private void tell(CanaryKey canary, WentBlind blind, Duration pause) {
        if (!answered(canary, blind)) {
            later.accept(pause, () -> tell(canary, blind, longer(pause)));
        }
    }

    private static Desired lowered(Desired from, Percent canary) {
        return new Desired(
                from.seq(),
                from.stage(),
                from.primary(),
                canary,
                from.mirror(),
                from.match(),
                from.canaryUp(),
                from.without());
    }

    private static Duration longer(Duration pause) {
        return pause.compareTo(LONGEST_PAUSE) < 0 ? pause.multipliedBy(2) : pause;
    }

    private void inTurn(CanaryKey canary, Runnable task) {
        var turn = turns.computeIfAbsent(canary, _ -> new ReentrantLock());
        turn.lock();
        try {
            task.run();
        } finally {
            turn.unlock();
        }
    }
}
