package dev.aviary.decisions.rollout;

import dev.aviary.events.Percent;
import dev.aviary.events.Plan;
import dev.aviary.events.Strategy;
import dev.aviary.events.TrafficMeasured;
import java.time.Duration;
import java.util.Optional;

/// The share that a rollout begins with, where it may cost so many bad answers and no more.
final class FirstWeight {
    /// From a bad answer to the traffic that is back: a look, the log, the write, and a mesh that follows.
    private static final Duration REACTION = Duration.ofSeconds(5);

    private FirstWeight() {}

    /// The share at which a canary whose every answer is bad uses the budget up in no less than the time that the way
    /// back
    /// takes; never above the planned one.
    ///
    /// @return empty where the planned one stands
    static Optional<Percent> of(Plan plan, TrafficMeasured traffic) {
        var planned = plan.steps().getFirst().canary();
        if (!(plan.spec().strategy() instanceof Strategy.Progressive) || traffic.requests() <= 0) {
            return Optional.empty();
        }
        return plan.spec()
                .guarded()
                .budget()
                .map(budget -> share(budget, traffic))
                .filter(planned::isAbove);
    }

    private static Percent share(long budget, TrafficMeasured traffic) {
        double whileGoingBack = (double) traffic.requests()
                * REACTION.toMillis()
                / traffic.over().toMillis();
        double hundredths = budget * (double) Percent.ALL.basisPoints() / whileGoingBack;
        return new Percent((int) Math.clamp(hundredths, 1.0, Percent.ALL.basisPoints()));
    }
}
