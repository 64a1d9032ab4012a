package dev.aviary.decisions.backtest;

import dev.aviary.events.AnalyzerEvent;
import dev.aviary.events.Policy;
import dev.aviary.events.RolloutEvent;
import dev.aviary.events.RolloutId;
import dev.aviary.events.RolloutStarted;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// One canary's rollouts under another policy, from its log alone: the deciders that act live judge once more what was
/// measured. It holds two rollouts at most: the one under way, and the one before it, of which the analyzer may still
/// have something to say.
public final class Backtest {
    private final Policy policy;
    private Optional<Rerun> before = Optional.empty();
    private Optional<Rerun> current = Optional.empty();

    public Backtest(Policy policy) {
        this.policy = policy;
    }

    /// One more event of the canary's log, in its order.
    ///
    /// @param now that a decision was taken at; of what others said, the record's time
    /// @return the rollout that is through with it
    public Optional<Backtested> read(RolloutEvent event, Instant now) {
        var id = event.ofRollout();
        if (event instanceof RolloutStarted started) {
            if (current.filter(run -> run.is(started.rollout())).isPresent()) {
                return Optional.empty(); // said again
            }
            var done = before.map(Rerun::result);
            before = current;
            current = Optional.of(new Rerun(policy, started, now));
            return done;
        }
        if (id.isPresent() && before.filter(run -> run.is(id.get())).isPresent()) {
            before.get().read(event, now);
            return Optional.empty();
        }
        if (id.isEmpty() || isCurrent(id.get())) {
            current.ifPresent(run -> run.read(event, now));
        }
        // The analyzer speaks of one after the other.
        return event instanceof AnalyzerEvent && id.filter(this::isCurrent).isPresent()
                ? takeBefore()
                : Optional.empty();
    }

    /// The log has been read to its end.
    public List<Backtested> end() {
        return Stream.concat(takeBefore().stream(), current.stream().map(Rerun::result))
                .toList();
    }

    private Optional<Backtested> takeBefore() {
        var done = before.map(Rerun::result);
        before = Optional.empty();
        return done;
    }

    private boolean isCurrent(RolloutId id) {
        return current.filter(run -> run.is(id)).isPresent();
    }
}
