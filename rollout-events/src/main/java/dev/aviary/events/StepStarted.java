package dev.aviary.events;

import java.time.Instant;
import java.util.List;
import java.util.Optional;

/// The router decided on the next step. Traffic moves when `TrafficShifted` says so.
///
/// @param step     0-based index into the plan that [RolloutStarted] carries
/// @param canary   share of live requests that the canary is to answer; the primary gets the rest
/// @param mirror   share of live requests copied to the canary, whose answers are thrown away
/// @param match    which requests `canary` is a share of; empty: all
/// @param deadline UTC; without a conclusive check by then the rollout goes back
/// @see <a href="https://docs.flagger.app/usage/how-it-works">Flagger: stepWeights, mirrorWeight, progressDeadline</a>
@WireType("step-started.v1")
public record StepStarted(
        RolloutId rollout, int step, Percent canary, Percent mirror, List<HttpMatch> match, Instant deadline)
        implements RouterDecision {
    @Override
    public Optional<RolloutId> ofRollout() {
        return Optional.of(rollout);
    }
}
