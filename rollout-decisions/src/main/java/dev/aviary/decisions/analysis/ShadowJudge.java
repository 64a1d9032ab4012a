package dev.aviary.decisions.analysis;

import dev.aviary.decisions.analysis.AnalysisState.Run;
import dev.aviary.decisions.analysis.GuardVerdict.Look;
import dev.aviary.events.BudgetSpent;
import dev.aviary.events.CheckCompleted;
import dev.aviary.events.Count;
import dev.aviary.events.MetricSpec;
import dev.aviary.events.MetricsMeasured;
import dev.aviary.events.PodSuspected;
import dev.aviary.events.Policy;
import dev.aviary.events.RequestsCounted;
import dev.aviary.events.RollbackStarted;
import dev.aviary.events.ShadowDiffered;
import dev.aviary.events.ShadowDiffered.Course;
import dev.aviary.events.StepHeld;
import dev.aviary.events.Verdict;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;

/// What the shadow policy makes of what the acting one is judged by. It sees the traffic that the acting policy gives,
/// and only as long as that gives some.
///
/// @param policy that is judged beside the acting one
/// @param run    under the acting policy: before a check, behind a look
/// @param shadow the same under this one
record ShadowJudge(Policy policy, Run run, Shadow shadow) {
    private static final String UNKNOWN = "; what would have come then can't be known, for ";
    private static final String TAKEN_BACK = UNKNOWN + "the release is taken back";

    /// Empty where there is no shadow policy, or nothing can be told of it any more.
    static Optional<ShadowJudge> of(Run run) {
        return run.shadow()
                .filter(shadow -> !shadow.over())
                .flatMap(shadow -> run.spec().shadowed().map(policy -> new ShadowJudge(policy, run, shadow)));
    }

    /// The run as it would stand, with the policy as its own.
    private Run under() {
        var under = run.under(policy.appliedTo(run.spec())).guard(shadow.guard());
        return under.at()
                .map(at -> under.at(at.clearing(shadow.clearing().orElse(Clearing.NEW))))
                .orElse(under);
    }

    private GuardJudge judge() {
        return GuardJudge.of(policy.appliedTo(run.spec()));
    }

    /// @param acting what the acting policy made of the check
    Optional<ShadowDiffered> checked(CheckCompleted acting, MetricsMeasured measured, Instant now) {
        var under = new CheckJudge(under(), now);
        boolean early = acting.verdict() != Verdict.INCONCLUSIVE
                && isEarly()
                && shadow.cleared().isEmpty();
        if (early) {
            return Optional.of(differed(
                    acting, Course.INCONCLUSIVE, "the check would have waited for its time" + because(under.open())));
        }
        var mine = under.judged(measured);
        if (acting.verdict() == mine.verdict()) {
            return Optional.empty(); // if both failed, the router's count tells the rest
        }
        int failures = shadow.failed() + shadow.more() + (mine.verdict() == Verdict.FAILED ? 1 : 0);
        boolean back = mine.verdict() == Verdict.FAILED && failures >= threshold();
        return Optional.of(differed(
                acting,
                back ? Course.WENT_BACK : course(mine.verdict()),
                "the check %s%s%s"
                        .formatted(words(mine.verdict()), because(mine), back ? "; " + taken(failures) : "")));
    }

    private static ShadowDiffered differed(CheckCompleted acting, Course shadow, String sentence) {
        return new ShadowDiffered(
                acting.rollout(), acting.step(), acting.look(), course(acting.verdict()), shadow, sentence);
    }

    private boolean isEarly() {
        return run.at().filter(at -> at.isEarly(run.spec().interval())).isPresent();
    }

    private static String because(CheckCompleted check) {
        return check.verdict() == Verdict.PASSED ? "" : because(check.reasons());
    }

    private static String because(List<String> reasons) {
        return reasons.isEmpty() ? "" : reasons.stream().collect(Collectors.joining("; ", ": ", ""));
    }

    private static Course course(Verdict verdict) {
        return switch (verdict) {
            case PASSED -> Course.PASSED;
            case FAILED -> Course.FAILED;
            case INCONCLUSIVE -> Course.INCONCLUSIVE;
        };
    }

    private static String words(Verdict verdict) {
        return switch (verdict) {
            case PASSED -> "would have passed";
            case FAILED -> "would have failed";
            case INCONCLUSIVE -> "would have told nothing";
        };
    }

    /// Behind one more look.
    ///
    /// @param counted since the look before
    Shadow seen(RequestsCounted counted, Instant now) {
        var judge = judge();
        if (!judge.looks()) {
            return shadow;
        }
        var mine = judged(counted);
        var next = shadow.guard(judge.seen(shadow.guard(), mine, now));
        return run.at()
                .filter(at -> at.step() == counted.step() && at.begun().isPresent())
                .map(_ -> next.clearing(shadow.clearing()
                        .orElse(Clearing.NEW)
                        .seen(shadow.guard(), mine, judge.guard().burnIn())))
                .map(shown -> new ShadowJudge(policy, run, shown).isCleared(now) ? shown.clearedAt(now) : shown)
                .orElse(next);
    }

    private boolean isCleared(Instant now) {
        return judge().clears()
                && shadow.clearing().filter(Clearing::early).isPresent()
                && new CheckJudge(under(), now).isCleared();
    }

    private RequestsCounted judged(RequestsCounted counted) {
        SortedMap<String, Count> metrics = new TreeMap<>();
        counted.metrics().forEach((name, count) -> metrics.put(name, judged(name, count)));
        return new RequestsCounted(counted.rollout(), counted.step(), counted.look(), counted.question(), metrics);
    }

    private Count judged(String name, Count count) {
        return run.spec().metrics().stream()
                .filter(metric -> metric.name().equals(name))
                .findFirst()
                .map((MetricSpec metric) -> policy.appliedTo(metric, count))
                .orElse(count);
    }

    /// @param acting under the acting policy, at this look
    Optional<ShadowDiffered> guarded(Look look, Optional<GuardVerdict> acting) {
        var mine = GuardVerdict.of(judge(), shadow.guard(), look);
        if (mine.isEmpty()) {
            return acting.map(theirs -> wentOn(look, theirs)).or(() -> cleared(look));
        }
        boolean same = acting.filter(theirs -> theirs.isSame(mine.get())).isPresent();
        return same
                ? Optional.empty()
                : Optional.of(differed(
                        look,
                        acting.map(GuardVerdict::course).orElse(Course.WENT_ON),
                        mine.get().course(),
                        otherwise(mine.get(), acting)));
    }

    private static ShadowDiffered differed(Look look, Course acting, Course shadow, String sentence) {
        return new ShadowDiffered(look.rollout(), look.step(), look.number(), acting, shadow, sentence);
    }

    private static String otherwise(GuardVerdict mine, Optional<GuardVerdict> acting) {
        return mine.replaced()
                .map(pod -> "pod %s would have been replaced: %s%s"
                        .formatted(
                                pod.pod(),
                                mine.reason(),
                                acting.map(ShadowJudge::unknown).orElse(UNKNOWN + "it isn't")))
                .orElseGet(() -> "%s: %s"
                        .formatted(
                                mine.said() instanceof BudgetSpent
                                        ? "the budget would have been used up"
                                        : "the guard would have stopped it",
                                mine.reason()));
    }

    private static String unknown(GuardVerdict acting) {
        return acting.replaced()
                .map(pod -> UNKNOWN + "pod %s is replaced".formatted(pod.pod()))
                .orElse(TAKEN_BACK);
    }

    private ShadowDiffered wentOn(Look look, GuardVerdict acting) {
        var judging = Optional.ofNullable(shadow.guard().metrics().get(acting.metric()))
                .map(MetricGuard::last);
        if (judging.isPresent() && judging.get() instanceof Count.ThresholdOnly(var why)) {
            return differed(
                    look,
                    acting.course(),
                    Course.UNKNOWN,
                    "what the guard would have done isn't known: %s: %s".formatted(acting.metric(), why));
        }
        return differed(
                look,
                acting.course(),
                Course.WENT_ON,
                acting.replaced()
                                .map(pod -> "the guard would have left pod %s alone".formatted(pod.pod()))
                                .orElse("the guard would have let it go on")
                        + unknown(acting));
    }

    /// The step has shown what it has to under this policy, and not under the acting one.
    private Optional<ShadowDiffered> cleared(Look look) {
        return run.at()
                .filter(_ -> shadow.cleared().equals(Optional.of(look.now())))
                .filter(at -> at.waits(look.now(), run.spec().interval()))
                .map(_ -> differed(
                        look,
                        Course.WENT_ON,
                        Course.CLEARED,
                        "the check would have come now" + because(new CheckJudge(under(), look.now()).shown())));
    }

    /// The acting policy suspects a pod, which is replaced. Where this one suspects the same, it goes on from there.
    Shadow suspecting(PodSuspected said, Instant now) {
        var look = new Look(said.rollout(), said.step(), said.look(), now);
        boolean holds =
                GuardVerdict.of(said, GuardJudge.of(run.spec())).replaced().isPresent();
        return GuardVerdict.of(judge(), shadow.guard(), look)
                .flatMap(GuardVerdict::replaced)
                .filter(mine -> holds && mine.pod().equals(said.pod()))
                .map(mine -> shadow.suspecting(mine, now))
                .orElseGet(shadow::nowOver);
    }

    /// The router has counted one more failed check, and the rollout stays where it is.
    Optional<ShadowDiffered> held(StepHeld held) {
        int failures = held.failedChecks() + shadow.more();
        return held.failedChecks() > shadow.failed() && failures >= threshold()
                ? Optional.of(new ShadowDiffered(
                        held.rollout(),
                        held.step(),
                        held.look(),
                        Course.WENT_ON,
                        Course.WENT_BACK,
                        "it " + taken(failures)))
                : Optional.empty();
    }

    /// The acting policy is at its end.
    Optional<ShadowDiffered> back(RollbackStarted back) {
        int failures = back.failedChecks() + shadow.more();
        return back.cause() == RollbackStarted.Cause.FAILED_CHECKS && failures < threshold()
                ? Optional.of(new ShadowDiffered(
                        back.rollout(),
                        back.step(),
                        -1,
                        Course.WENT_BACK,
                        Course.WENT_ON,
                        "it would have gone on with %s%s".formatted(count(failures), TAKEN_BACK)))
                : Optional.empty();
    }

    private int threshold() {
        return policy.threshold().orElse(run.spec().threshold());
    }

    private String taken(int failures) {
        return "would have been taken back: " + count(failures);
    }

    private String count(int failures) {
        return "%s failed %s, its threshold is %s".formatted(failures, failures == 1 ? "check" : "checks", threshold());
    }
}
