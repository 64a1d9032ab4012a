package dev.aviary.notifier.alert;

import static dev.aviary.notifier.alert.Severity.ERROR;
import static dev.aviary.notifier.alert.Severity.INFO;
import static dev.aviary.notifier.alert.Severity.WARN;

import dev.aviary.events.AlertDelivered;
import dev.aviary.events.AlertFailed;
import dev.aviary.events.AnalyzerEvent;
import dev.aviary.events.BudgetSpent;
import dev.aviary.events.CanaryKey;
import dev.aviary.events.CanaryParked;
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
import dev.aviary.events.RollbackStarted;
import dev.aviary.events.RolledBack;
import dev.aviary.events.RolloutEvent;
import dev.aviary.events.RolloutStarted;
import dev.aviary.events.RouteChangedByHand;
import dev.aviary.events.RouterDecision;
import dev.aviary.events.RouterOutcome;
import dev.aviary.events.ScaleDownStarted;
import dev.aviary.events.ScaleUpStarted;
import dev.aviary.events.ShadowDiffered;
import dev.aviary.events.StepHeld;
import dev.aviary.events.StepStarted;
import dev.aviary.events.Strategy;
import dev.aviary.events.Superseded;
import dev.aviary.events.TakeoverStarted;
import dev.aviary.events.TargetRestored;
import dev.aviary.events.TerminationStarted;
import dev.aviary.events.TrafficMeasured;
import dev.aviary.events.TrafficReturnStarted;
import dev.aviary.events.TrafficShifted;
import dev.aviary.events.WentBlind;
import dev.aviary.events.WriteFailed;
import dev.aviary.notifier.alert.Alert.Field;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Which event is worth an alert, in Flagger's words: people search for them.
///
/// @see <a href="https://github.com/fluxcd/flagger/blob/main/pkg/controller/scheduler.go">Flagger: who alerts when</a>
public final class Alerts {
    private Alerts() {}

    /// @param known of the canary before the event
    public static Optional<Alert> of(CanaryKey canary, RolloutEvent event, Known known) {
        return switch (event) {
            case DetectorEvent _ -> Optional.empty();
            case RouterDecision decision -> ofDecision(canary, decision, known);
            case RouterOutcome outcome -> ofOutcome(canary, outcome, known);
            case AnalyzerEvent analyzed -> ofAnalyzer(canary, analyzed, known);
            case NotifierEvent told ->
                switch (told) {
                    case AlertDelivered _, AlertFailed _ -> Optional.empty();
                };
        };
    }

    private static Optional<Alert> ofDecision(CanaryKey canary, RouterDecision event, Known known) {
        return switch (event) {
            case ScaleUpStarted _ -> full(canary, known, "New revision detected, progressing canary analysis.");
            case RollbackStarted back -> Optional.of(ofRollback(canary, back));
            case PromotionFailed failed ->
                plain(canary, ERROR, "Promotion failed, primary not ready: " + String.join("; ", failed.reasons()));
            case Promoted promoted ->
                plain(
                        canary,
                        INFO,
                        promoted.skipped()
                                ? "Canary analysis was skipped, promotion finished."
                                : "Canary analysis completed successfully, promotion finished.");
            case PodReplacementStarted pod ->
                Optional.of(alert(
                        canary,
                        WARN,
                        "Pod %s is suspect and is being replaced, the canary stays at its weight".formatted(pod.pod()),
                        pod.reasons()));
            case CanaryParked parked ->
                plain(canary, ERROR, "Canary is parked: %s".formatted(parked.why()), parked.where(), parked.how());
            case InitializationStarted _,
                    TakeoverStarted _,
                    RolloutStarted _,
                    StepStarted _,
                    GateRequested _,
                    StepHeld _,
                    PromotionStarted _,
                    TrafficReturnStarted _,
                    DrainStarted _,
                    ScaleDownStarted _,
                    RolledBack _,
                    Superseded _,
                    TerminationStarted _,
                    HandbackStarted _ -> Optional.empty();
        };
    }

    /// Flagger is silent about all causes but the first (fluxcd/flagger#1663); here each is told, with its reason.
    private static Alert ofRollback(CanaryKey canary, RollbackStarted back) {
        var text = switch (back.cause()) {
            case FAILED_CHECKS -> "Failed checks threshold reached " + back.failedChecks();
            case GUARD -> "Canary analysis failed, rolling back before the next check";
            case DEADLINE -> "Progress deadline exceeded";
            case ROLLBACK_HOOK -> "Rolling back manual webhook invoked";
            case ABORTED -> "Rolling back, aborted by a person";
            case ROUTE_CHANGED -> "Rolling back, the route was changed by hand";
            case TARGET_REVERTED -> "Rolling back, the target runs the primary's revision again";
            case CANARY_UNAVAILABLE -> "Rolling back, the canary is not available any more";
            case WENT_BLIND -> "Rolling back, the event log couldn't be reached";
        };
        var severity = switch (back.cause()) {
            case FAILED_CHECKS,
                    GUARD,
                    DEADLINE,
                    ROLLBACK_HOOK,
                    ABORTED,
                    ROUTE_CHANGED,
                    CANARY_UNAVAILABLE,
                    WENT_BLIND -> ERROR;
            case TARGET_REVERTED -> WARN;
        };
        return alert(canary, severity, text, back.reasons());
    }

    private static Optional<Alert> ofOutcome(CanaryKey canary, RouterOutcome event, Known known) {
        return switch (event) {
            // What stood already, Flagger's perhaps, is no news.
            case PrimaryInitialized ready when ready.tookOver() -> Optional.empty();
            case PrimaryInitialized _ ->
                full(
                        canary,
                        known,
                        "New %s detected, initialization completed."
                                .formatted(known.spec()
                                        .map(spec -> spec.target().kind())
                                        .orElse("workload")));
            case WentBlind blind ->
                plain(
                        canary,
                        WARN,
                        "Traffic went to the safe side: the event log couldn't be reached for %d s, the canary has %s %%"
                                .formatted(blind.without().toSeconds(), blind.canary()));
            case CanaryScaled _,
                    PodRemoved _,
                    TrafficShifted _,
                    PrimaryUpdated _,
                    TargetRestored _,
                    WriteFailed _,
                    RouteChangedByHand _ -> Optional.empty();
        };
    }

    private static Optional<Alert> ofAnalyzer(CanaryKey canary, AnalyzerEvent event, Known known) {
        return switch (event) {
            case GateDecided gate -> ofGate(canary, gate, known);
            case MetricsMeasured _,
                    RequestsCounted _,
                    CheckCompleted _,
                    GuardTripped _,
                    BudgetSpent _,
                    TrafficMeasured _,
                    PodSuspected _,
                    EvidenceRecorded _,
                    ShadowDiffered _ -> Optional.empty();
        };
    }

    private static Optional<Alert> ofGate(CanaryKey canary, GateDecided gate, Known known) {
        var muted = known.spec().stream()
                .flatMap(spec -> spec.hooks(gate.kind()).stream())
                .anyMatch(hook -> hook.name().equals(gate.hook()) && hook.muteAlert());
        if (muted || gate.outcome() == GateDecided.Outcome.OPENED) {
            return Optional.empty();
        }
        return switch (gate.kind()) {
            case CONFIRM_ROLLOUT -> plain(canary, WARN, "Canary is waiting for approval.");
            case CONFIRM_TRAFFIC_INCREASE -> plain(canary, WARN, "Canary traffic increase is waiting for approval.");
            case CONFIRM_PROMOTION -> plain(canary, WARN, "Canary promotion is waiting for approval.");
            case PRE_ROLLOUT, ROLLOUT, ROLLBACK, POST_ROLLOUT, EVENT -> Optional.empty();
        };
    }

    private static Optional<Alert> full(CanaryKey canary, Known known, String text) {
        var fields = new ArrayList<>(List.of(new Field("Cluster", canary.cluster())));
        known.spec().ifPresent(spec -> fields.addAll(about(canary, spec)));
        return Optional.of(new Alert(INFO, text, List.copyOf(fields)));
    }

    private static Optional<Alert> plain(CanaryKey canary, Severity severity, String text, String... why) {
        return Optional.of(alert(canary, severity, text, List.of(why)));
    }

    private static Alert alert(CanaryKey canary, Severity severity, String text, List<String> why) {
        var cluster = new Field("Cluster", canary.cluster());
        return new Alert(
                severity,
                text,
                why.isEmpty() ? List.of(cluster) : List.of(cluster, new Field("Why", String.join("\n", why))));
    }

    private static List<Field> about(CanaryKey canary, CanarySpec spec) {
        return List.of(
                new Field(
                        "Target",
                        "%s/%s.%s".formatted(spec.target().kind(), spec.target().name(), canary.namespace())),
                new Field("Failed checks threshold", Integer.toString(spec.threshold())),
                new Field("Progress deadline", spec.progressDeadline().toSeconds() + "s"),
                new Field("Traffic routing", routing(spec.strategy())));
    }

    private static String routing(Strategy strategy) {
        return switch (strategy) {
            case Strategy.Progressive(var weights, var _) -> {
                var first = weights.getFirst();
                var max = weights.getLast();
                yield weights.equals(ladder(first, weights.size()))
                        ? "Weight step: %s max: %s".formatted(first, max)
                        : "Weight steps: %s max: %s".formatted(joined(weights), max);
            }
            case Strategy.BlueGreen _ -> "Blue/Green";
            case Strategy.AbTesting _ -> "A/B Testing";
        };
    }

    private static List<Percent> ladder(Percent step, int steps) {
        var rungs = new ArrayList<Percent>();
        var at = Percent.ZERO;
        for (int i = 0; i < steps; i++) {
            at = at.plus(step);
            rungs.add(at);
        }
        return rungs;
    }

    private static String joined(List<Percent> weights) {
        return String.join(",", weights.stream().map(Percent::toString).toList());
    }
}
