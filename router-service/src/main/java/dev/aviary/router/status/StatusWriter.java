package dev.aviary.router.status;

import dev.aviary.decisions.rollout.CanaryStatus;
import dev.aviary.decisions.rollout.RolloutState;
import dev.aviary.events.CanaryKey;
import dev.aviary.flagger.Canary;
import dev.aviary.flagger.CanaryStatus.Condition;
import dev.aviary.router.reconcile.Refusal;
import dev.aviary.router.stream.Follower;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.math.BigDecimal;
import java.net.HttpURLConnection;
import java.time.Duration;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BiConsumer;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/// Writes what `kubectl get canaries` shows, only when it changes; the last state wins. What is written here is for
/// people and their tools: nothing is ever read back from it.
public final class StatusWriter implements Follower {
    /// Flagger's only condition; its reason is the phase.
    static final String PROMOTED = "Promoted";
    /// Ours: the resource makes no sense, and what holds meanwhile. Only there while it is so.
    static final String ACCEPTED = "Accepted";

    private static final Duration FIRST_PAUSE = Duration.ofMillis(500);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(30);
    private static final Logger LOG = Logger.getLogger(StatusWriter.class);

    private final KubernetesClient kube;
    private final Executor threads;
    private final BiConsumer<Duration, Runnable> later;
    private final InstantSource clock;
    private final Map<CanaryKey, CanaryStatus> wanted = new ConcurrentHashMap<>();
    private final Map<CanaryKey, ReentrantLock> turns = new ConcurrentHashMap<>();

    public StatusWriter(
            KubernetesClient kube, Executor threads, BiConsumer<Duration, Runnable> later, InstantSource clock) {
        this.kube = kube;
        this.threads = threads;
        this.later = later;
        this.clock = clock;
    }

    @Override
    public void show(CanaryKey canary, Optional<RolloutState> before, RolloutState state) {
        boolean unseen =
                state.known().spec().isEmpty() && state.known().rejected().isEmpty();
        if (unseen) {
            wanted.remove(canary);
            return;
        }
        var status = CanaryStatus.of(state);
        if (!status.equals(wanted.put(canary, status))) {
            threads.execute(() -> attempt(canary, status, FIRST_PAUSE));
        }
    }

    @Override
    public void forget(CanaryKey canary) {
        wanted.remove(canary);
    }

    private void attempt(CanaryKey canary, CanaryStatus status, Duration pause) {
        var turn = turns.computeIfAbsent(canary, _ -> new ReentrantLock());
        turn.lock();
        try {
            if (status.equals(wanted.get(canary))) {
                write(canary, status);
            }
        } catch (KubernetesClientException refused) {
            if (refused.getCode() == HttpURLConnection.HTTP_NOT_FOUND) {
                return; // deleted in between
            }
            if (refused.getCode() != HttpURLConnection.HTTP_CONFLICT) {
                LOG.warnf("%s status not written why=\"%s\" nextTry=%s", canary, Refusal.sentence(refused), pause);
            }
            var next = pause.compareTo(LONGEST_PAUSE) < 0 ? pause.multipliedBy(2) : pause;
            later.accept(
                    refused.getCode() == HttpURLConnection.HTTP_CONFLICT ? Duration.ofMillis(20) : pause,
                    () -> attempt(canary, status, next));
        } finally {
            turn.unlock();
        }
    }

    private void write(CanaryKey key, CanaryStatus status) {
        var found = kube.resources(Canary.class)
                .inNamespace(key.namespace())
                .withName(key.name())
                .get();
        if (found == null) {
            return;
        }
        var before = found.getStatus();
        var next = status(status, before);
        if (next.equals(timeless(before, next))) {
            return;
        }
        found.setStatus(next);
        kube.resource(found).lockResourceVersion().updateStatus();
    }

    private dev.aviary.flagger.CanaryStatus status(
            CanaryStatus status, dev.aviary.flagger.@Nullable CanaryStatus before) {
        var now = clock.instant().truncatedTo(ChronoUnit.SECONDS).toString();
        return new dev.aviary.flagger.CanaryStatus(
                status.phase().word(),
                BigDecimal.valueOf(status.failedChecks()),
                new BigDecimal(status.canaryWeight().toString()),
                BigDecimal.valueOf(status.iterations()),
                status.trackedConfigs(),
                status.lastApplied(),
                status.lastPromoted(),
                now,
                before == null ? null : before.sessionAffinityCookie(),
                before == null ? null : before.primarySessionAffinityCookie(),
                before == null ? null : before.previousSessionAffinityCookie(),
                conditions(status, Optional.ofNullable(before), now));
    }

    private static List<Condition> conditions(
            CanaryStatus status, Optional<dev.aviary.flagger.CanaryStatus> before, String now) {
        var conditions = new ArrayList<Condition>();
        conditions.add(condition(
                PROMOTED,
                status.promoted(),
                status.phase().word(),
                status.message(),
                before.flatMap(old -> old.condition(PROMOTED)),
                now));
        status.rejected()
                .ifPresent(why -> conditions.add(condition(
                        ACCEPTED, "False", "Rejected", why, before.flatMap(old -> old.condition(ACCEPTED)), now)));
        return List.copyOf(conditions);
    }

    private static Condition condition(
            String type, String status, String reason, String message, Optional<Condition> before, String now) {
        var since = before.filter(old -> status.equals(old.status()))
                .flatMap(old -> Optional.ofNullable(old.lastTransitionTime()))
                .orElse(now);
        return new Condition(type, status, reason, message, now, since);
    }

    /// As it was, with the times that it would get now: equal if nothing else has changed.
    private static dev.aviary.flagger.@Nullable CanaryStatus timeless(
            dev.aviary.flagger.@Nullable CanaryStatus before, dev.aviary.flagger.CanaryStatus next) {
        if (before == null) {
            return null;
        }
        var conditions = before.conditions().stream()
                .map(old -> next.condition(String.valueOf(old.type()))
                        .map(now -> new Condition(
                                old.type(),
                                old.status(),
                                old.reason(),
                                old.message(),
                                now.lastUpdateTime(),
                                now.lastTransitionTime()))
                        .orElse(old))
                .toList();
        return new dev.aviary.flagger.CanaryStatus(
                before.phase(),
                plain(before.failedChecks()),
                plain(before.canaryWeight()),
                plain(before.iterations()),
                before.trackedConfigs(),
                before.lastAppliedSpec(),
                before.lastPromotedSpec(),
                next.lastTransitionTime(),
                before.sessionAffinityCookie(),
                before.primarySessionAffinityCookie(),
                before.previousSessionAffinityCookie(),
                conditions);
    }

    /// `5` and `5.0` are the same weight.
    private static @Nullable BigDecimal plain(@Nullable BigDecimal number) {
        return number == null
                ? null
                : new BigDecimal(number.stripTrailingZeros().toPlainString());
    }
}
