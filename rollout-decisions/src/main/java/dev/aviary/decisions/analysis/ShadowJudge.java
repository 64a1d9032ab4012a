package dev.aviary.decisions.analysis;

import dev.aviary.decisions.analysis.AnalysisState.Run;
import dev.aviary.events.CheckCompleted;
import dev.aviary.events.Count;
import dev.aviary.events.GuardTripped;
import dev.aviary.events.MetricSpec;
import dev.aviary.events.Policy;
import dev.aviary.events.RequestsCounted;
import dev.aviary.events.RollbackStarted;
import dev.aviary.events.ShadowDiffered;
import dev.aviary.events.ShadowDiffered.Course;
import dev.aviary.events.StepHeld;
import dev.aviary.events.Verdict;
import java.time.Instant;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// What the shadow policy makes of what the acting one is judged by. It sees the traffic that the acting policy gives,
/// and
/// only as long as that gives some.
///
/// @param policy that is judged beside the acting one
/// @param run    under the acting policy, before the input
/// @param shadow the same under this one
record ShadowJudge(Policy policy, Run run, Shadow shadow) {
    private static final String UNKNOWN = "what would have come then can't be known, for the release is taken back";

    /// Empty where there is no shadow policy, or nothing can be told of it any more.
    static Optional<ShadowJudge> of(Run run) {
        return run.shadow()
                .filter(shadow -> !shadow.over())
                .flatMap(shadow -> run.spec().shadowed().map(policy -> new ShadowJudge(policy, run, shadow)));
    }

    /// The run as it would stand, with the policy as its own.
    Run under() {
        return run.under(policy.appliedTo(run.spec())).guard(shadow.guard());
    }

    /// @param acting what the acting policy made of the check
    /// @param mine   what this one makes of it
    Optional<ShadowDiffered> checked(CheckCompleted acting, CheckCompleted mine) {
        if (acting.verdict() == mine.verdict()) {
            return Optional.empty(); // if both failed, the router's count tells the rest
        }
        int failures = shadow.failed() + shadow.more() + (mine.verdict() == Verdict.FAILED ? 1 : 0);
        boolean back = mine.verdict() == Verdict.FAILED && failures >= threshold();
        return Optional.of(new ShadowDiffered(
                acting.rollout(),
                acting.step(),
                acting.look(),
                course(acting.verdict()),
                back ? Course.WENT_BACK : course(mine.verdict()),
                "the check %s%s%s"
                        .formatted(words(mine.verdict()), because(mine), back ? "; " + taken(failures) : "")));
    }

    private static String because(CheckCompleted check) {
        return check.verdict() == Verdict.PASSED || check.reasons().isEmpty()
                ? ""
                : check.reasons().stream().collect(Collectors.joining("; ", ": ", ""));
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

    /// The guard's state behind one more look.
    Shadow seen(RequestsCounted counted, Instant now) {
        var judge = GuardJudge.of(under().spec());
        return judge.looks() ? shadow.guard(judge.seen(shadow.guard(), judged(counted), now)) : shadow;
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

    /// @param tripped under the acting policy, at this look
    Optional<ShadowDiffered> guarded(RequestsCounted counted, Instant now, Optional<GuardTripped> tripped) {
        var mine = seen(counted, now).guard().crossed(GuardJudge.of(under().spec()), now);
        if (tripped.isPresent()) {
            return mine.isPresent() ? Optional.empty() : Optional.of(wentOn(counted, tripped.get()));
        }
        return mine.map(result -> guard(
                counted, Course.WENT_ON, Course.TRIPPED, "the guard would have stopped it: " + result.sentence()));
    }

    private ShadowDiffered wentOn(RequestsCounted counted, GuardTripped tripped) {
        return Stream.ofNullable(judged(counted).metrics().get(tripped.metric()))
                .filter(Count.ThresholdOnly.class::isInstance)
                .map(count -> ((Count.ThresholdOnly) count).reason())
                .map(why -> guard(
                        counted,
                        Course.TRIPPED,
                        Course.UNKNOWN,
                        "what the guard would have done isn't known: %s: %s".formatted(tripped.metric(), why)))
                .findFirst()
                .orElseGet(() -> guard(
                        counted, Course.TRIPPED, Course.WENT_ON, "the guard would have let it go on; " + UNKNOWN));
    }

    private static ShadowDiffered guard(RequestsCounted counted, Course acting, Course shadow, String sentence) {
        return new ShadowDiffered(counted.rollout(), counted.step(), counted.look(), acting, shadow, sentence);
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
                        "it would have gone on with %s; %s".formatted(count(failures), UNKNOWN)))
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
