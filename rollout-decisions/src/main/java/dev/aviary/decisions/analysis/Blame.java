package dev.aviary.decisions.analysis;

import dev.aviary.events.AnalyzerEvent;
import dev.aviary.events.Count.Counted;
import dev.aviary.events.GuardResult;
import dev.aviary.events.GuardTripped;
import dev.aviary.events.PodSuspected;
import dev.aviary.events.RequestsCounted;
import java.time.Instant;
import java.util.Optional;

/// Whom the failures point to at a look: the version, or one pod.
///
/// @param state behind the look
record Blame(GuardJudge judge, GuardState state, RequestsCounted counted, Instant now) {
    Optional<AnalyzerEvent> verdict() {
        return state.crossed(judge, now).map(this::proven).or(this::leftAlone);
    }

    private AnalyzerEvent proven(GuardResult crossed) {
        if (state.suspicion().isPresent()) {
            return tripped(crossed, state.suspicion().get().again(crossed.sentence()));
        }
        return Suspect.in(state, crossed.metric(), judge)
                .<AnalyzerEvent>map(suspect -> suspected(crossed, suspect))
                .orElseGet(() -> tripped(crossed, crossed.sentence()));
    }

    private Optional<AnalyzerEvent> leftAlone() {
        return state.suspicion()
                .filter(suspicion -> suspicion.isLeftAlone(now))
                .map(suspicion -> new GuardTripped(
                        counted.rollout(),
                        counted.step(),
                        counted.look(),
                        suspicion.said().metric(),
                        suspicion.said().logEvidence(),
                        suspicion.said().alpha(),
                        suspicion.leftAlone(),
                        judge.results(state, now)));
    }

    private GuardTripped tripped(GuardResult crossed, String reason) {
        return new GuardTripped(
                counted.rollout(),
                counted.step(),
                counted.look(),
                crossed.metric(),
                judge.evidence(crossed),
                crossed.alpha(),
                reason,
                judge.results(state, now));
    }

    private PodSuspected suspected(GuardResult crossed, Suspect suspect) {
        return new PodSuspected(
                counted.rollout(),
                counted.step(),
                counted.look(),
                crossed.metric(),
                suspect.pod(),
                suspect.node(),
                suspect.judged(),
                suspect.others(),
                suspect.chance(),
                judge.evidence(crossed),
                crossed.alpha(),
                sentence(crossed, suspect),
                judge.results(state, now));
    }

    private String sentence(GuardResult crossed, Suspect suspect) {
        var what = Optional.ofNullable(state.metrics().get(crossed.metric()))
                .map(seen -> seen.last() instanceof Counted last ? last.what() : "failed")
                .orElse("failed");
        int others = suspect.pods() - 1;
        return ("%s: %s of %s requests to pod %s%s %s, %s of %s to the canary's other %s, where %s may: the pod is"
                        + " suspect, not the version; chance of such a spread if all pods were alike at most %s %%")
                .formatted(
                        crossed.metric(),
                        suspect.judged().failures(),
                        suspect.judged().total(),
                        suspect.pod(),
                        suspect.node().isEmpty() ? "" : " on node " + suspect.node(),
                        what,
                        suspect.others().failures(),
                        suspect.others().total(),
                        others == 1 ? "pod" : others + " pods",
                        GuardJudge.oneIn(crossed.allowed()),
                        GuardJudge.shown(suspect.chance() * 100));
    }
}
