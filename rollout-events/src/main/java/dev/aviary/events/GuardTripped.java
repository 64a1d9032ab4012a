package dev.aviary.events;

import java.util.List;
import java.util.Optional;

/// Harm is proven, at whatever look.
///
/// @param logEvidence natural logarithm of the e-value; it reached `ln(1/alpha)`
/// @param alpha       how likely a good release ever comes here, at most
/// @param guard       what the guard knew then, per metric
@WireType("guard-tripped.v1")
public record GuardTripped(
        RolloutId rollout,
        int step,
        int look,
        String metric,
        double logEvidence,
        double alpha,
        String reason,
        List<GuardResult> guard)
        implements AnalyzerEvent {
    /// With the metric's own evidence alone.
    public GuardTripped(
            RolloutId rollout, int step, int look, String metric, double logEvidence, double alpha, String reason) {
        this(rollout, step, look, metric, logEvidence, alpha, reason, List.of());
    }

    @Override
    public Optional<RolloutId> ofRollout() {
        return Optional.of(rollout);
    }
}
