package dev.aviary.decisions.analysis;

import dev.aviary.events.AnalyzerEvent;
import dev.aviary.events.BudgetSpent;
import dev.aviary.events.GuardTripped;
import dev.aviary.events.PodSuspected;
import dev.aviary.events.RolloutId;
import dev.aviary.events.ShadowDiffered.Course;
import java.time.Instant;
import java.util.Optional;

/// What the guard makes of a look: the version is to blame, one pod is, or the budget is used up. The one place that
/// decides it, for the acting policy, for its shadow, and so for a backtest too.
///
/// @param said   as it stands on the log under an acting policy
/// @param course where it leads the rollout
/// @param metric by which
/// @param reason in words
record GuardVerdict(AnalyzerEvent said, Course course, String metric, String reason) {
    /// Which look it is.
    record Look(RolloutId rollout, int step, int number, Instant now) {}

    /// @param state behind the look
    /// @return empty: the rollout goes on
    static Optional<GuardVerdict> of(GuardJudge judge, GuardState state, Look look) {
        if (state.tripped()) {
            return Optional.empty();
        }
        return new Blame(judge, state, look).verdict().or(() -> usedUp(judge, state, look));
    }

    private static Optional<GuardVerdict> usedUp(GuardJudge judge, GuardState state, Look look) {
        return judge.usedUp(state)
                .map(most -> of(new BudgetSpent(
                        look.rollout(),
                        look.step(),
                        look.number(),
                        most.getKey(),
                        most.getValue(),
                        judge.guard().budget().orElseThrow(),
                        judge.usedUp(most.getKey(), most.getValue(), state),
                        judge.results(state, look.now()))));
    }

    static GuardVerdict of(GuardTripped said) {
        return new GuardVerdict(said, Course.TRIPPED, said.metric(), said.reason());
    }

    private static GuardVerdict of(BudgetSpent said) {
        return new GuardVerdict(said, Course.TRIPPED, said.metric(), said.reason());
    }

    static GuardVerdict of(PodSuspected said, GuardJudge judge) {
        var course = switch (judge.guard().suspect()) {
            case HOLD -> Course.SUSPECTED;
            case ROLL_BACK -> Course.TRIPPED;
        };
        return new GuardVerdict(said, course, said.metric(), said.reason());
    }

    /// Both lead to the same: the release goes back, or the very same pod is replaced.
    boolean isSame(GuardVerdict other) {
        return course == other.course
                && replaced().map(PodSuspected::pod).equals(other.replaced().map(PodSuspected::pod));
    }

    /// The pod that is replaced, and the rollout goes on.
    Optional<PodSuspected> replaced() {
        return course == Course.SUSPECTED && said instanceof PodSuspected suspected
                ? Optional.of(suspected)
                : Optional.empty();
    }
}
