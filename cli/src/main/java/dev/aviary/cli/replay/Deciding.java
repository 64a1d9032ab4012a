package dev.aviary.cli.replay;

import dev.aviary.decisions.analysis.AnalysisDecider;
import dev.aviary.decisions.analysis.AnalysisInput;
import dev.aviary.decisions.analysis.AnalysisState;
import dev.aviary.decisions.rollout.RolloutDecider;
import dev.aviary.decisions.rollout.RolloutInput;
import dev.aviary.decisions.rollout.RolloutState;
import dev.aviary.eventlog.LoggedEvent;
import dev.aviary.eventlog.codec.Read;
import dev.aviary.events.AnalyzerEvent;
import dev.aviary.events.CanaryParked;
import dev.aviary.events.RolloutEvent;
import dev.aviary.events.RouterDecision;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/// A decider as a replay sees it: the same pure functions that decide live.
interface Deciding<S> {
    Deciding<RolloutState> ROLLOUT = new Rollouts();
    Deciding<AnalysisState> ANALYSIS = new Analyses();

    String name();

    int version();

    S fresh();

    /// A decision of this decider: already in the state when it is read back.
    boolean isOwn(LoggedEvent logged);

    /// Whether such a record is an input, and so moves what the next decision was taken after.
    boolean hears(Read read);

    /// @param after the state behind it
    List<RolloutEvent> heard(S before, S after, Read read, Instant now);

    List<RolloutEvent> ticked(S before, Instant due);

    S evolve(S state, RolloutEvent event, Instant now);

    Optional<Instant> nextDue(S state);

    /// Decisions so far.
    long seq(S state);

    final class Rollouts implements Deciding<RolloutState> {
        @Override
        public String name() {
            return "rollout";
        }

        @Override
        public int version() {
            return RolloutDecider.VERSION;
        }

        @Override
        public RolloutState fresh() {
            return RolloutState.NEW;
        }

        @Override
        public boolean isOwn(LoggedEvent logged) {
            return logged.event() instanceof RouterDecision && logged.taken().isPresent();
        }

        /// What can't be read is an input too: it parks the canary.
        @Override
        public boolean hears(Read read) {
            return !(read instanceof Read.Unknown(var _, boolean isDecision)) || isDecision;
        }

        @Override
        public List<RolloutEvent> heard(RolloutState before, RolloutState after, Read read, Instant now) {
            return switch (read) {
                case Read.Event(var logged) ->
                    List.copyOf(RolloutDecider.decide(before, new RolloutInput.Heard(logged.event()), now));
                case Read.Unknown(var type, var _) -> List.of(new CanaryParked(type, "", ""));
                case Read.Broken(var why) -> List.of(new CanaryParked(why, "", ""));
            };
        }

        @Override
        public List<RolloutEvent> ticked(RolloutState before, Instant due) {
            return List.copyOf(RolloutDecider.decide(before, new RolloutInput.Tick(), due));
        }

        @Override
        public RolloutState evolve(RolloutState state, RolloutEvent event, Instant now) {
            return RolloutDecider.evolve(state, event);
        }

        @Override
        public Optional<Instant> nextDue(RolloutState state) {
            return RolloutDecider.nextDue(state);
        }

        @Override
        public long seq(RolloutState state) {
            return state.seq();
        }
    }

    final class Analyses implements Deciding<AnalysisState> {
        @Override
        public String name() {
            return "analysis";
        }

        @Override
        public int version() {
            return AnalysisDecider.VERSION;
        }

        @Override
        public AnalysisState fresh() {
            return AnalysisState.NEW;
        }

        @Override
        public boolean isOwn(LoggedEvent logged) {
            return logged.event() instanceof AnalyzerEvent && logged.taken().isPresent();
        }

        @Override
        public boolean hears(Read read) {
            return read instanceof Read.Event;
        }

        @Override
        public List<RolloutEvent> heard(AnalysisState before, AnalysisState after, Read read, Instant now) {
            return read instanceof Read.Event(var logged)
                    ? List.copyOf(AnalysisDecider.decide(before, after, new AnalysisInput.Heard(logged.event()), now))
                    : List.of();
        }

        @Override
        public List<RolloutEvent> ticked(AnalysisState before, Instant due) {
            return List.copyOf(AnalysisDecider.decide(before, new AnalysisInput.Tick(), due));
        }

        @Override
        public AnalysisState evolve(AnalysisState state, RolloutEvent event, Instant now) {
            return AnalysisDecider.evolve(state, event, now);
        }

        @Override
        public Optional<Instant> nextDue(AnalysisState state) {
            return AnalysisDecider.nextDue(state);
        }

        @Override
        public long seq(AnalysisState state) {
            return state.seq();
        }
    }
}
