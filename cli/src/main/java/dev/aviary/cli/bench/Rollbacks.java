package dev.aviary.cli.bench;

import dev.aviary.eventlog.LoggedEvent;
import dev.aviary.eventlog.LoggedEvent.Taken;
import dev.aviary.events.CanaryKey;
import dev.aviary.events.GuardTripped;
import dev.aviary.events.RequestsCounted;
import dev.aviary.events.RollbackStarted;
import dev.aviary.events.RolledBack;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Puts together what the log and the routes tell, in whatever order it comes.
final class Rollbacks {
    private record Look(long said, long at) {}

    private record Said(long at, long heard) {}

    private record Decided(long at, long seq) {}

    /// What is known of one rollout of one canary.
    private static final class Known {
        private final Map<Integer, Look> looks = new HashMap<>();
        private int trippedAt = -1;
        private Optional<Said> tripped = Optional.empty();
        private Optional<Decided> decided = Optional.empty();
    }

    /// A route without the canary, and since when.
    private record Lowered(long seq, long at) {}

    private final Map<String, Known> rollouts = new HashMap<>();
    private final Map<String, List<Lowered>> routes = new HashMap<>();
    private final Map<CanaryKey, Long> ended = new HashMap<>();

    /// @param said  `ce_time`
    /// @param at    of the record, the broker's
    /// @param heard when it came here
    synchronized void heard(CanaryKey canary, LoggedEvent logged, long said, long at, long heard) {
        switch (logged.event()) {
            case RequestsCounted counted ->
                known(canary, counted.rollout().toString()).looks.put(counted.look(), new Look(said, at));
            case GuardTripped tripped -> {
                var known = known(canary, tripped.rollout().toString());
                known.trippedAt = tripped.look();
                known.tripped = Optional.of(new Said(at, heard));
            }
            case RollbackStarted back ->
                known(canary, back.rollout().toString()).decided =
                        logged.taken().map(Taken::seq).map(seq -> new Decided(at, seq));
            case RolledBack _ -> ended.merge(canary, 1L, Long::sum);
            default -> {}
        }
        notifyAll();
    }

    /// @param seq    of the decision with which it was written
    /// @param canary weight
    synchronized void route(String namespace, long seq, int canary, long at) {
        if (canary == 0) {
            routes.computeIfAbsent(namespace, _ -> new ArrayList<>()).add(new Lowered(seq, at));
        }
    }

    private Known known(CanaryKey canary, String rollout) {
        return rollouts.computeIfAbsent(canary.namespace() + " " + rollout, _ -> new Known());
    }

    /// Rollouts of this canary that have ended.
    synchronized long ended(CanaryKey canary) {
        return ended.getOrDefault(canary, 0L);
    }

    /// @return false if it didn't come so far in time
    synchronized boolean awaitEnded(CanaryKey canary, long count, long millis) throws InterruptedException {
        long deadline = System.nanoTime() + millis * 1_000_000;
        while (ended(canary) < count) {
            long left = (deadline - System.nanoTime()) / 1_000_000;
            if (left <= 0) {
                return false;
            }
            wait(left);
        }
        return true;
    }

    /// Those of which every station is known, by when they were tripped.
    synchronized List<Rollback> all() {
        return rollouts.entrySet().stream()
                .flatMap(one -> of(one.getKey(), one.getValue()).stream())
                .sorted(java.util.Comparator.comparingLong(Rollback::tripped))
                .toList();
    }

    private Optional<Rollback> of(String rollout, Known known) {
        var namespace = rollout.substring(0, rollout.indexOf(' '));
        var look = Optional.ofNullable(known.looks.get(known.trippedAt));
        if (look.isEmpty() || known.tripped.isEmpty() || known.decided.isEmpty()) {
            return Optional.empty();
        }
        var tripped = known.tripped.get();
        var decided = known.decided.get();
        return routes.getOrDefault(namespace, List.of()).stream()
                .filter(route -> route.seq() >= decided.seq())
                .min(java.util.Comparator.comparingLong(Lowered::seq).thenComparingLong(Lowered::at))
                .map(route -> new Rollback(
                        rollout,
                        look.get().said(),
                        look.get().at(),
                        tripped.at(),
                        tripped.heard(),
                        decided.at(),
                        route.at()));
    }
}
