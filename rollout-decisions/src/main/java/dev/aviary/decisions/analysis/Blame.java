package dev.aviary.decisions.analysis;

import dev.aviary.decisions.analysis.GuardVerdict.Look;
import dev.aviary.events.Count.Counted;
import dev.aviary.events.GuardResult;
import dev.aviary.events.GuardTripped;
import dev.aviary.events.PodSuspected;
import java.util.Optional;

/// Whom the failures point to at a look: the version, or one pod.
///
/// @param state behind the look
record Blame(GuardJudge judge, GuardState state, Look look) {
    Optional<GuardVerdict> verdict() {
        return state.crossed(judge, look.now()).map(this::proven).or(this::leftAlone);
    }

    private GuardVerdict proven(GuardResult crossed) {
        if (state.suspicion().isPresent()) {
            return tripped(crossed, state.suspicion().get().again(crossed.sentence()));
        }
        return Suspect.in(state, crossed.metric(), judge)
                .map(suspect -> GuardVerdict.of(suspected(crossed, suspect), judge))
                .orElseGet(() -> tripped(crossed, crossed.sentence()));
    }

    private Optional<GuardVerdict> leftAlone() {
        return state.suspicion()
                .filter(suspicion -> suspicion.isLeftAlone(look.now()))
                .map(suspicion -> GuardVerdict.of(new GuardTripped(
                        look.rollout(),
                        look.step(),
                        look.number(),
                        suspicion.said().metric(),
                        suspicion.said().logEvidence(),
                        suspicion.said().alpha(),
                        suspicion.leftAlone(),
                        judge.results(state, look.now()))));
    }

    private GuardVerdict tripped(GuardResult crossed, String reason) {
        return GuardVerdict.of(new GuardTripped(
                look.rollout(),
                look.step(),
                look.number(),
                crossed.metric(),
                judge.evidence(crossed),
                crossed.alpha(),
                reason,
                judge.results(state, look.now())));
    }

    private PodSuspected suspected(GuardResult crossed, Suspect suspect) {
        return new PodSuspected(
                look.rollout(),
                look.step(),
                look.number(),
                crossed.metric(),
                suspect.pod(),
                suspect.node(),
                suspect.judged(),
                suspect.others(),
                suspect.chance(),
                judge.evidence(crossed),
                crossed.alpha(),
                sentence(crossed, suspect),
                judge.results(state, look.now()));
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
