package dev.aviary.notifier.alert;

import static dev.aviary.notifier.alert.Note.info;
import static dev.aviary.notifier.alert.Note.warning;

import dev.aviary.events.AlertDelivered;
import dev.aviary.events.AlertFailed;
import dev.aviary.events.AnalyzerEvent;
import dev.aviary.events.BudgetSpent;
import dev.aviary.events.CanaryApplied;
import dev.aviary.events.CanaryDeleted;
import dev.aviary.events.CanaryKey;
import dev.aviary.events.CanaryParked;
import dev.aviary.events.CanaryRejected;
import dev.aviary.events.CanaryScaled;
import dev.aviary.events.CanarySpec;
import dev.aviary.events.CheckCompleted;
import dev.aviary.events.DetectorEvent;
import dev.aviary.events.DrainStarted;
import dev.aviary.events.EvidenceRecorded;
import dev.aviary.events.GateDecided;
import dev.aviary.events.GateRequested;
import dev.aviary.events.GuardTripped;
import dev.aviary.events.HandbackStarted;
import dev.aviary.events.InitializationStarted;
import dev.aviary.events.MetricsMeasured;
import dev.aviary.events.NotifierEvent;
import dev.aviary.events.OperatorCommanded;
import dev.aviary.events.Percent;
import dev.aviary.events.PodRemoved;
import dev.aviary.events.PodReplacementStarted;
import dev.aviary.events.PodSuspected;
import dev.aviary.events.PrimaryInitialized;
import dev.aviary.events.PrimaryUpdated;
import dev.aviary.events.Promoted;
import dev.aviary.events.PromotionFailed;
import dev.aviary.events.PromotionStarted;
import dev.aviary.events.RequestsCounted;
import dev.aviary.events.RevisionDetected;
import dev.aviary.events.RollbackStarted;
import dev.aviary.events.RolledBack;
import dev.aviary.events.RolloutEvent;
import dev.aviary.events.RolloutLabelled;
import dev.aviary.events.RolloutStarted;
import dev.aviary.events.RouteChangedByHand;
import dev.aviary.events.RouterDecision;
import dev.aviary.events.RouterOutcome;
import dev.aviary.events.ScaleDownStarted;
import dev.aviary.events.ScaleUpStarted;
import dev.aviary.events.ShadowDiffered;
import dev.aviary.events.ShadowSpec;
import dev.aviary.events.StepHeld;
import dev.aviary.events.StepStarted;
import dev.aviary.events.Superseded;
import dev.aviary.events.TakeoverStarted;
import dev.aviary.events.TargetRestored;
import dev.aviary.events.TerminationStarted;
import dev.aviary.events.TrafficMeasured;
import dev.aviary.events.TrafficReturnStarted;
import dev.aviary.events.TrafficShifted;
import dev.aviary.events.Verdict;
import dev.aviary.events.WentBlind;
import dev.aviary.events.WorkloadChanged;
import dev.aviary.events.WriteFailed;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Which event stands among the Canary's Kubernetes Events, in Flagger's words where it has some.
///
/// @see <a href="https://github.com/fluxcd/flagger/blob/main/pkg/controller/scheduler.go">Flagger: its events</a>
public final class Notes {
    private final CanaryKey canary;
    private final Known known;
    // As Flagger writes it: `checkout.shop`.
    private final String target;

    private Notes(CanaryKey canary, Known known) {
        this.canary = canary;
        this.known = known;
        this.target = known.spec().map(spec -> spec.target().name()).orElse(canary.name()) + "." + canary.namespace();
    }

    /// @param known of the canary before the event
    public static List<Note> of(CanaryKey canary, RolloutEvent event, Known known) {
        var notes = new Notes(canary, known);
        return switch (event) {
            case DetectorEvent seen -> notes.ofDetector(seen);
            case RouterDecision decision -> notes.ofDecision(decision);
            case RouterOutcome outcome -> notes.ofOutcome(outcome);
            case AnalyzerEvent analyzed -> notes.ofAnalyzer(analyzed);
            case NotifierEvent told ->
                switch (told) {
                    case AlertDelivered _ -> List.of();
                    case AlertFailed(var _, var provider, int tries, var why) ->
                        List.of(warning("Alert to %s given up after %d tries: %s".formatted(provider, tries, why)));
                };
        };
    }

    private List<Note> ofDetector(DetectorEvent event) {
        return switch (event) {
            case CanaryApplied applied -> ofApplied(applied.spec());
            case CanaryRejected rejected -> List.of(warning(rejected.sentence()));
            case WorkloadChanged changed
            when changed.stuck().isPresent() ->
                List.of(warning("%s.%s not ready: %s"
                        .formatted(
                                changed.workload(),
                                canary.namespace(),
                                changed.stuck().get())));
            case OperatorCommanded command ->
                List.of(info("Command %s by %s".formatted(command.verb().word(), command.who())));
            case RolloutLabelled label ->
                List.of(info("Rollout %d labelled %s by %s"
                        .formatted(label.rollout(), label.outcome().word(), label.who())));
            case CanaryDeleted _, RevisionDetected _, WorkloadChanged _ -> List.of();
        };
    }

    private List<Note> ofApplied(CanarySpec spec) {
        var notes = new ArrayList<Note>();
        if (spec.suspended() && !suspended()) {
            notes.add(info("skipping canary run as object is suspended."));
        }
        var before = known.spec().flatMap(CanarySpec::shadow);
        spec.shadow()
                .filter(shadow -> !before.equals(Optional.of(shadow)))
                .flatMap(ShadowSpec::problem)
                .ifPresent(problem -> notes.add(warning(problem)));
        return List.copyOf(notes);
    }

    private List<Note> ofDecision(RouterDecision event) {
        return switch (event) {
            case ScaleUpStarted _ -> List.of(info("New revision detected! Scaling up %s".formatted(target)));
            case StepStarted step -> ofStep(step);
            case StepHeld held -> List.of(warning("Halt %s advancement %s".formatted(target, words(held.reasons()))));
            case PodReplacementStarted pod ->
                List.of(warning("Replacing pod %s of %s: %s".formatted(pod.pod(), target, words(pod.reasons()))));
            case PromotionStarted _ ->
                List.of(info("Copying %s template spec to %s.%s"
                        .formatted(
                                target,
                                known.spec()
                                        .map(spec -> spec.target().primary())
                                        .orElse(canary.name() + "-primary"),
                                canary.namespace())));
            case TrafficReturnStarted back
            when back.canary().equals(Percent.ZERO) -> List.of(info("Routing all traffic to primary"));
            case TrafficReturnStarted back ->
                List.of(info("Advance %s primary weight %s"
                        .formatted(target, back.canary().rest())));
            case RollbackStarted back -> List.of(ofRollback(back));
            case PromotionFailed failed ->
                List.of(warning(
                        "Promotion of %s failed, primary not ready: %s".formatted(target, words(failed.reasons()))));
            case Promoted _ -> List.of(info("Promotion completed! Scaling down %s".formatted(target)));
            case RolledBack back ->
                List.of(warning("Canary failed! Scaling down %s: %s".formatted(target, words(back.reasons()))));
            case Superseded by ->
                List.of(info("New revision detected! Restarting analysis for %s: %s".formatted(target, by.by())));
            case TerminationStarted _ ->
                List.of(info("Terminating canary %s.%s".formatted(canary.name(), canary.namespace())));
            case CanaryParked parked ->
                List.of(warning("Canary is parked: %s. %s. %s".formatted(parked.why(), parked.where(), parked.how())));
            case InitializationStarted _,
                    TakeoverStarted _,
                    RolloutStarted _,
                    GateRequested _,
                    DrainStarted _,
                    ScaleDownStarted _,
                    HandbackStarted _ -> List.of();
        };
    }

    private List<Note> ofStep(StepStarted step) {
        var notes = new ArrayList<Note>();
        if (step.step() == 0) {
            notes.add(info("Starting canary analysis for %s".formatted(target)));
        }
        if (step.mirror().isAbove(Percent.ZERO)) {
            notes.add(info("Start traffic mirroring to %s weight %s".formatted(target, step.mirror())));
        }
        if (step.canary().isAbove(Percent.ZERO) && checksOf(step.step()) <= 1) {
            notes.add(info("Advance %s canary weight %s".formatted(target, step.canary())));
        }
        return List.copyOf(notes);
    }

    private Note ofRollback(RollbackStarted back) {
        var why = words(back.reasons());
        return switch (back.cause()) {
            case FAILED_CHECKS ->
                warning("Rolling back %s failed checks threshold reached %d: %s"
                        .formatted(target, back.failedChecks(), why));
            case DEADLINE -> warning("Rolling back %s progress deadline exceeded %s".formatted(target, why));
            case ROLLBACK_HOOK -> warning("Rolling back %s manual webhook invoked: %s".formatted(target, why));
            case GUARD, ABORTED, ROUTE_CHANGED, TARGET_REVERTED, CANARY_UNAVAILABLE, WENT_BLIND ->
                warning("Rolling back %s %s".formatted(target, why));
        };
    }

    private List<Note> ofOutcome(RouterOutcome event) {
        return switch (event) {
            case PrimaryInitialized _ ->
                List.of(info("Initialization done! %s.%s".formatted(canary.name(), canary.namespace())));
            case TargetRestored _ ->
                List.of(info("Terminated canary %s.%s".formatted(canary.name(), canary.namespace())));
            case WriteFailed failed ->
                List.of(warning("Writing %s failed: %s. Next try in %d s"
                        .formatted(failed.what(), failed.why(), failed.nextTry().toSeconds())));
            case RouteChangedByHand hand ->
                List.of(warning("Route of %s changed by %s: canary weight %s, was %s"
                        .formatted(target, hand.by(), hand.after(), hand.before())));
            case WentBlind blind ->
                List.of(warning("Event log not reached for %d s, canary weight %s"
                        .formatted(blind.without().toSeconds(), blind.canary())));
            case PodRemoved removed -> List.of(info("Removed pod %s of %s".formatted(removed.pod(), target)));
            case CanaryScaled _, TrafficShifted _, PrimaryUpdated _ -> List.of();
        };
    }

    private List<Note> ofAnalyzer(AnalyzerEvent event) {
        return switch (event) {
            // A failed one is told by what the router makes of it: halt or roll back.
            case CheckCompleted check
            when check.verdict() == Verdict.INCONCLUSIVE ->
                List.of(warning("Halt %s advancement, inconclusive: %s".formatted(target, words(check.reasons()))));
            case CheckCompleted check when check.verdict() == Verdict.PASSED -> ofPassed(check);
            case GuardTripped guard -> List.of(warning("Halt %s advancement %s".formatted(target, guard.reason())));
            case BudgetSpent spent -> List.of(warning("Halt %s advancement %s".formatted(target, spent.reason())));
            case PodSuspected suspect -> List.of(warning("Halt %s advancement %s".formatted(target, suspect.reason())));
            case GateDecided gate -> ofGate(gate);
            case ShadowDiffered differed -> List.of(info("Shadow policy: %s".formatted(differed.sentence())));
            case CheckCompleted _, MetricsMeasured _, RequestsCounted _, TrafficMeasured _, EvidenceRecorded _ ->
                List.of();
        };
    }

    private List<Note> ofPassed(CheckCompleted check) {
        var notes = new ArrayList<Note>();
        if (!check.reasons().isEmpty()) {
            notes.add(info("Check of %s passed: %s".formatted(target, words(check.reasons()))));
        }
        if (checksOf(check.step()) > 1) {
            notes.add(info(
                    "Advance %s canary iteration %d/%d".formatted(target, known.passed() + 1, checksOf(check.step()))));
        }
        return notes;
    }

    private List<Note> ofGate(GateDecided gate) {
        boolean opened = gate.outcome() == GateDecided.Outcome.OPENED;
        return switch (gate.kind()) {
            case CONFIRM_ROLLOUT, CONFIRM_TRAFFIC_INCREASE, CONFIRM_PROMOTION, PRE_ROLLOUT ->
                List.of(opened ? opened(gate) : refused(gate));
            case ROLLBACK ->
                opened
                        ? List.of(warning("Rolling back %s manual webhook %s invoked".formatted(target, gate.hook())))
                        : List.of();
            case ROLLOUT, POST_ROLLOUT, EVENT -> List.of();
        };
    }

    private static Note opened(GateDecided gate) {
        var word = gate.kind().word();
        return info(
                "%s check %s passed".formatted(Character.toUpperCase(word.charAt(0)) + word.substring(1), gate.hook()));
    }

    private Note refused(GateDecided gate) {
        var what = switch (gate.kind()) {
            case CONFIRM_ROLLOUT -> "waiting for approval";
            case CONFIRM_TRAFFIC_INCREASE -> "waiting for traffic increase approval";
            case CONFIRM_PROMOTION -> "waiting for promotion approval";
            case PRE_ROLLOUT, ROLLOUT, ROLLBACK, POST_ROLLOUT, EVENT ->
                gate.kind().word() + " check failed";
        };
        return warning("Halt %s advancement %s %s: %s".formatted(target, what, gate.hook(), gate.why()));
    }

    private boolean suspended() {
        return known.spec().map(CanarySpec::suspended).orElse(false);
    }

    private int checksOf(int step) {
        return known.plan()
                .filter(plan -> step >= 0 && step < plan.steps().size())
                .map(plan -> plan.steps().get(step).checks())
                .orElse(1);
    }

    private static String words(List<String> reasons) {
        return String.join("; ", reasons);
    }
}
