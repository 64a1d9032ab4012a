package dev.aviary.decisions.rollout;

import dev.aviary.decisions.rollout.RolloutState.Phase.Progressing;
import dev.aviary.decisions.rollout.RolloutState.Run;
import dev.aviary.events.Percent;
import dev.aviary.events.Plan;
import dev.aviary.events.Strategy;
import dev.aviary.events.TrafficMeasured;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/// The share that a rollout begins with, where it may cost so many bad answers and no more.
final class FirstWeight {
    /// From a bad answer to the traffic that is back: a look, the log, the write, and a mesh that follows.
    private static final Duration REACTION = Duration.ofSeconds(5);

    /// So long from its start on does a canary wait for the traffic.
    private static final Duration KNOWN_WITHIN = Duration.ofSeconds(10);

    /// As many requests are reckoned with at least: fewer that ended don't show that there are no more, for a primary
    /// that hardly answers looks quiet.
    private static final long FEWEST = 20;

    private FirstWeight() {}

    /// The canary is ready, and its first weight isn't chosen yet.
    static boolean isAwaited(Progressing at, RolloutState state) {
        return at.step() < 0
                && at.awaited().isEmpty()
                && state.run().flatMap(Run::first).isEmpty()
                && !at.run().broken()
                && isChosen(at.run().plan())
                && Facts.canaryReady(at.run(), state);
    }

    /// By then, or by the deadline, it begins without.
    static Instant knownBy(Progressing at) {
        var known = at.run().startedAt().plus(KNOWN_WITHIN);
        return known.isBefore(at.deadline()) ? known : at.deadline();
    }

    /// A budget chooses it, by the traffic.
    static boolean isChosen(Plan plan) {
        var guard = plan.spec().guarded();
        return guard.acts() && guard.budget().isPresent() && plan.spec().strategy() instanceof Strategy.Progressive;
    }

    /// The share at which a canary whose every answer is bad uses the budget up in no less than the time that the way
    /// back takes; never above the planned one.
    ///
    /// @return empty where nothing chooses it
    static Optional<Percent> of(Plan plan, TrafficMeasured traffic) {
        var planned = plan.steps().getFirst().canary();
        return plan.spec()
                .guarded()
                .budget()
                .filter(_ -> isChosen(plan))
                .map(budget -> share(budget, traffic))
                .map(share -> planned.isAbove(share) ? share : planned);
    }

    private static Percent share(long budget, TrafficMeasured traffic) {
        double whileGoingBack = (double) Math.max(traffic.requests(), FEWEST)
                * REACTION.toMillis()
                / traffic.over().toMillis();
        double hundredths = budget * (double) Percent.ALL.basisPoints() / whileGoingBack;
        return new Percent((int) Math.clamp(hundredths, 1.0, Percent.ALL.basisPoints()));
    }
}
