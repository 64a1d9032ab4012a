package dev.aviary.cli.story;

import dev.aviary.events.*;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/// Each event in words, for people: what happened, with which weight, on which evidence.
public final class Story {
    private Story() {}

    /// One line; empty for what a reader of the story can do without.
    public static Optional<String> line(RolloutEvent event) {
        return switch (event) {
            case CanaryApplied applied ->
                Optional.of("canary applied: %s by %s, checks every %s, %d failed ones take it back%s"
                        .formatted(
                                applied.spec().target(),
                                applied.spec().provider(),
                                seconds(applied.spec().interval()),
                                applied.spec().threshold(),
                                applied.spec().shadow().map(Story::shadow).orElse("")));
            case CanaryRejected rejected -> Optional.of("canary rejected: " + rejected.sentence());
            case CanaryDeleted _ -> Optional.of("canary deleted");
            case RevisionDetected revision ->
                Optional.of("new revision %s: %s (%s)"
                        .formatted(
                                shortened(revision.revision()),
                                String.join(", ", revision.images()),
                                revision.changed().isEmpty() ? "first seen" : String.join(", ", revision.changed())));
            case WorkloadChanged changed ->
                changed.stuck().map(why -> "%s waits for its pods: %s".formatted(changed.workload(), why));
            case OperatorCommanded command ->
                Optional.of("%s commanded by %s".formatted(command.verb().word(), command.who()));
            case RolloutLabelled label ->
                Optional.of("rollout %d labelled %s by %s"
                        .formatted(label.rollout(), label.outcome().word(), label.who()));
            case InitializationStarted _ -> Optional.of("making the primary");
            case TakeoverStarted _ -> Optional.of("the primary is ready and gets the traffic");
            case RolloutStarted started ->
                Optional.of("rollout %s begins: %s%s"
                        .formatted(
                                started.rollout().number(),
                                String.join(", ", started.images()),
                                started.by().map(by -> ", asked for by " + by).orElse("")));
            case ScaleUpStarted _ -> Optional.of("starting the canary");
            case StepStarted step ->
                Optional.of("step %d: %s %% to the canary".formatted(step.step() + 1, step.canary()));
            case GateRequested gate ->
                Optional.of("asking %s".formatted(gate.kind().word()));
            case StepHeld held ->
                Optional.of("held (%d failed checks): %s".formatted(held.failedChecks(), joined(held.reasons())));
            case PodReplacementStarted pod ->
                Optional.of("replacing pod %s, the step is held: %s".formatted(pod.pod(), joined(pod.reasons())));
            case PromotionStarted promotion ->
                Optional.of("promoting: %s; the primary gets the new template".formatted(joined(promotion.reasons())));
            case TrafficReturnStarted back ->
                Optional.of("traffic goes back to the primary, %s %% stays".formatted(back.canary()));
            case RollbackStarted back -> Optional.of("rolling back: %s".formatted(joined(back.reasons())));
            case PromotionFailed failed -> Optional.of("promotion failed: %s".formatted(joined(failed.reasons())));
            case DrainStarted _ -> Optional.of("draining the canary");
            case ScaleDownStarted _ -> Optional.of("the canary goes to zero");
            case Promoted promoted ->
                Optional.of("PROMOTED after %s%s"
                        .formatted(seconds(promoted.took()), promoted.skipped() ? ", analysis skipped" : ""));
            case RolledBack back ->
                Optional.of("ROLLED BACK after %s: %s".formatted(seconds(back.took()), joined(back.reasons())));
            case Superseded superseded -> Optional.of("superseded by " + shortened(superseded.by()));
            case TerminationStarted _ -> Optional.of("the canary is being deleted: the target is scaled up");
            case HandbackStarted _ -> Optional.of("the target gets the traffic back");
            case CanaryParked parked -> Optional.of("PARKED: %s. %s".formatted(parked.why(), parked.how()));
            case PrimaryInitialized done -> Optional.of(done.tookOver() ? "what stands was taken over" : "initialized");
            case CanaryScaled scaled -> Optional.of("canary has %d replicas".formatted(scaled.replicas()));
            case PodRemoved removed ->
                Optional.of("pod %s is gone (in %d ms)"
                        .formatted(removed.pod(), removed.took().toMillis()));
            case TrafficShifted shifted ->
                Optional.of("canary has %s %% of the traffic (written in %d ms)"
                        .formatted(shifted.canary(), shifted.took().toMillis()));
            case PrimaryUpdated updated -> Optional.of("primary has " + shortened(updated.revision()));
            case TargetRestored _ -> Optional.of("the target serves as before");
            case WriteFailed failed ->
                Optional.of("write failed (%s): %s; next try in %s"
                        .formatted(failed.what(), failed.why(), seconds(failed.nextTry())));
            case RouteChangedByHand changed ->
                Optional.of("route changed by %s from %s %% to %s %%"
                        .formatted(changed.by(), changed.before(), changed.after()));
            case WentBlind blind ->
                Optional.of("the log was out of reach for %s: traffic went to the safe side"
                        .formatted(seconds(blind.without())));
            case MetricsMeasured _, RequestsCounted _ -> Optional.empty();
            case CheckCompleted check -> Optional.of("check %s: %s".formatted(check.verdict(), found(check)));
            case GuardTripped guard -> Optional.of("guard tripped: " + guard.reason());
            case BudgetSpent spent -> Optional.of("budget spent: " + spent.reason());
            case TrafficMeasured traffic ->
                Optional.of(
                        "the primary served %d requests in %s".formatted(traffic.requests(), seconds(traffic.over())));
            case PodSuspected suspect -> Optional.of("pod suspect: " + suspect.reason());
            case EvidenceRecorded _ -> Optional.empty();
            case ShadowDiffered differed -> Optional.of("shadow policy: " + differed.sentence());
            case GateDecided gate ->
                Optional.of("%s %s: %s %s".formatted(gate.kind().word(), gate.hook(), gate.outcome(), gate.why()));
            case AlertDelivered delivered -> Optional.of("alert delivered to " + delivered.provider());
            case AlertFailed failed -> Optional.of("alert to %s failed: %s".formatted(failed.provider(), failed.why()));
        };
    }

    private static String shadow(ShadowSpec shadow) {
        return shadow.problem().map("; "::concat).orElse("; a shadow policy is judged beside it");
    }

    private static String found(CheckCompleted check) {
        if (!check.reasons().isEmpty()) {
            return joined(check.reasons());
        }
        return check.metrics().isEmpty()
                ? "no metric to check"
                : joined(check.metrics().stream().map(MetricResult::sentence).toList());
    }

    private static String joined(List<String> reasons) {
        return reasons.isEmpty() ? "nothing to say" : String.join("; ", reasons);
    }

    private static String shortened(String revision) {
        return revision.length() > 13 ? revision.substring(0, 13) : revision;
    }

    private static String seconds(Duration duration) {
        return duration.toMillis() % 1000 == 0
                ? duration.toSeconds() + " s"
                : "%.1f s".formatted(duration.toMillis() / 1000.0);
    }
}
