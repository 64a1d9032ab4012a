package dev.aviary.events;

import java.util.Optional;

/// Harm is proven, at whatever look.
///
/// @param logEvidence natural logarithm of the e-value; it reached `ln(1/alpha)`
/// @param alpha       how likely a good release ever comes here, at most
@WireType("guard-tripped.v1")
public record GuardTripped(
        RolloutId rollout, int step, int look, String metric, double logEvidence, double alpha, String reason)
        implements AnalyzerEvent {
    @Override
    public Optional<RolloutId> ofRollout() {
        return Optional.of(rollout);
    }
}
