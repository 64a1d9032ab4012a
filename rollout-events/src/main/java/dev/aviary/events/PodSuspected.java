package dev.aviary.events;

import dev.aviary.events.GuardResult.Tally;
import java.util.List;
import java.util.Optional;

/// Harm is proven, and it sits in one pod of several of the canary: the pod, or its node, is to blame before the
/// version.
/// The evidence begins anew without this pod.
///
/// @param node        that it runs on, empty if unknown
/// @param judged      requests to it, since the failures began
/// @param others      requests to the canary's other pods in the same time
/// @param chance      that the failures were spread like this, at most, if all pods were equally likely to fail
/// @param logEvidence natural logarithm of the e-value of all pods together; it reached `ln(1/alpha)`
/// @param alpha       how likely a good release ever comes here, at most
/// @param guard       what the guard knew then, per metric
@WireType("pod-suspected.v1")
public record PodSuspected(
        RolloutId rollout,
        int step,
        int look,
        String metric,
        String pod,
        String node,
        Tally judged,
        Tally others,
        double chance,
        double logEvidence,
        double alpha,
        String reason,
        List<GuardResult> guard)
        implements AnalyzerEvent {
    @Override
    public Optional<RolloutId> ofRollout() {
        return Optional.of(rollout);
    }
}
