package dev.aviary.decisions.analysis;

import dev.aviary.decisions.guard.BoundJudge;
import dev.aviary.decisions.guard.PrimaryJudge;
import dev.aviary.decisions.guard.Spread;
import dev.aviary.events.GuardResult.Tally;
import dev.aviary.events.GuardSpec.Mode;
import java.util.Comparator;
import java.util.Optional;
import java.util.SortedMap;

/// The one pod of the canary in which a metric's failures sit.
///
/// @param judged requests to it, since the failures began
/// @param others requests to the canary's other pods in the same time
/// @param pods   that had requests in that time
/// @param chance of such a spread or a clearer one, at whichever pod, if all of them were equally likely to fail
record Suspect(String pod, String node, Tally judged, Tally others, int pods, double chance) {
    /// Above it, the version is to blame: in doubt the release goes back.
    static final double DOUBT = 0.05;

    /// Evidence that is none but for rounding.
    private static final double NONE = 1e-9;

    /// Called when harm is proven. Two things have to be shown: the others had enough requests to have failed as
    /// the pod does, and in no metric do they look like harm themselves.
    static Optional<Suspect> in(GuardState state, String metric, GuardJudge judge) {
        return Optional.ofNullable(state.metrics().get(metric))
                .flatMap(seen -> clearest(seen.pods()))
                .filter(suspect -> suspect.chance() <= DOUBT)
                .filter(suspect -> state.metrics().values().stream()
                        .allMatch(seen -> isHarmless(
                                PodTally.others(seen.pods(), suspect.pod()),
                                seen,
                                judge.guard().mode())));
    }

    /// These requests speak rather for health than for harm.
    static boolean isHarmless(Tally some, MetricGuard seen, Mode mode) {
        boolean byBound = seen.bound()
                .map(judge -> BoundJudge.of(judge.allowed())
                        .seen(some.failures(), some.total())
                        .logEvidence())
                .filter(evidence -> evidence > NONE)
                .isEmpty();
        var primary = seen.primaryTally();
        boolean byPrimary = PrimaryJudge.of(MetricGuard.TOLERANCE)
                        .seen(some.failures(), some.total(), primary.failures(), primary.total())
                        .logEvidence()
                <= NONE;
        return byBound && (mode != Mode.PRIMARY || byPrimary);
    }

    private static Optional<Suspect> clearest(SortedMap<String, PodTally> pods) {
        int served = (int)
                pods.values().stream().filter(pod -> pod.failing().total() > 0).count();
        return pods.entrySet().stream()
                .filter(pod -> !pod.getKey().equals(PodTally.NAMELESS))
                .map(pod -> of(pod.getKey(), pod.getValue(), PodTally.others(pods, pod.getKey()), served))
                .min(Comparator.comparingDouble(Suspect::chance));
    }

    private static Suspect of(String name, PodTally pod, Tally others, int served) {
        return new Suspect(
                name, pod.node(), pod.failing(), others, served, Math.min(1, served * spread(pod.failing(), others)));
    }

    static double spread(Tally one, Tally others) {
        return Spread.chance(one.failures(), one.total(), others.failures(), others.total());
    }
}
