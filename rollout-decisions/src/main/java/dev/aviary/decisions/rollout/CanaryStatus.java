package dev.aviary.decisions.rollout;

import dev.aviary.decisions.rollout.RolloutState.Leave;
import dev.aviary.decisions.rollout.RolloutState.Phase.Idle;
import dev.aviary.decisions.rollout.RolloutState.Phase.Initializing;
import dev.aviary.decisions.rollout.RolloutState.Phase.New;
import dev.aviary.decisions.rollout.RolloutState.Phase.Parked;
import dev.aviary.decisions.rollout.RolloutState.Phase.Progressing;
import dev.aviary.decisions.rollout.RolloutState.Phase.Promoting;
import dev.aviary.decisions.rollout.RolloutState.Phase.RollingBack;
import dev.aviary.decisions.rollout.RolloutState.Phase.Terminating;
import dev.aviary.decisions.rollout.RolloutState.Phase.Waiting;
import dev.aviary.decisions.rollout.RolloutState.Run;
import dev.aviary.events.HookKind;
import dev.aviary.events.Percent;
import dev.aviary.events.Strategy;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.stream.Stream;

/// What `kubectl get canaries` shows: Flagger's phases and fields.
///
/// @param canaryWeight   share that the canary has, as last confirmed
/// @param iterations     checks that have passed, of a blue-green or A/B rollout
/// @param trackedConfigs checksum by `configmap/name` or `secret/name`
/// @param lastApplied    revision that was tried last, or runs
/// @param lastPromoted   revision that the primary runs
/// @param promoted       status of the condition `Promoted`: `True`, `False` or `Unknown`
/// @param message        of that condition, with the reasons in words
/// @param rejected       why the resource makes no sense at present
/// @see <a href="https://docs.flagger.app/usage/how-it-works#canary-status">Flagger: canary status</a>
public record CanaryStatus(
        Phase phase,
        int failedChecks,
        Percent canaryWeight,
        int iterations,
        SortedMap<String, String> trackedConfigs,
        String lastApplied,
        String lastPromoted,
        String promoted,
        String message,
        Optional<String> rejected) {
    /// As Flagger spells them; each is the reason of the condition as well.
    public enum Phase {
        INITIALIZING("Initializing"),
        INITIALIZED("Initialized"),
        WAITING("Waiting"),
        PROGRESSING("Progressing"),
        WAITING_PROMOTION("WaitingPromotion"),
        PROMOTING("Promoting"),
        FINALISING("Finalising"),
        SUCCEEDED("Succeeded"),
        FAILED("Failed"),
        TERMINATING("Terminating");

        private final String word;

        Phase(String word) {
            this.word = word;
        }

        public String word() {
            return word;
        }
    }

    public static CanaryStatus of(RolloutState state) {
        var phase = phase(state);
        var run = state.run().or(() -> state.phase() instanceof Idle idle ? idle.rollout() : Optional.empty());
        return new CanaryStatus(
                phase,
                run.map(Run::failedChecks).orElse(0),
                state.confirmed().canary(),
                iterations(state),
                state.known().trackedConfigs(),
                lastApplied(state),
                state.promoted(),
                switch (phase) {
                    case INITIALIZED, SUCCEEDED -> "True";
                    case FAILED -> "False";
                    case INITIALIZING, WAITING, PROGRESSING, WAITING_PROMOTION, PROMOTING, FINALISING, TERMINATING ->
                        "Unknown";
                },
                message(state, phase),
                state.known().rejected());
    }

    private static Phase phase(RolloutState state) {
        return switch (state.phase()) {
            case New _, Initializing _ -> Phase.INITIALIZING;
            case Idle at ->
                switch (at.ended()) {
                    case INITIALIZED -> Phase.INITIALIZED;
                    case SUCCEEDED -> Phase.SUCCEEDED;
                    case FAILED -> Phase.FAILED;
                };
            case Waiting at -> at.closed() ? Phase.WAITING : Phase.PROGRESSING;
            case Progressing at ->
                at.closed() && at.awaited().equals(Optional.of(HookKind.CONFIRM_PROMOTION))
                        ? Phase.WAITING_PROMOTION
                        : Phase.PROGRESSING;
            case Promoting at ->
                switch (at.leave()) {
                    case NOT_YET, RETURNING -> Phase.PROMOTING;
                    case DRAINING, SCALING_DOWN -> Phase.FINALISING;
                };
            // Failed is said when it is so: when the traffic is back.
            case RollingBack at -> at.leave() == Leave.RETURNING ? Phase.PROGRESSING : Phase.FAILED;
            case Terminating _ -> Phase.TERMINATING;
            case Parked _ -> Phase.FAILED;
        };
    }

    private static int iterations(RolloutState state) {
        return state.phase() instanceof Progressing at
                        && !(at.run().plan().spec().strategy() instanceof Strategy.Progressive)
                ? at.passes()
                : 0;
    }

    private static String lastApplied(RolloutState state) {
        return state.run()
                .map(Run::revision)
                .orElseGet(() ->
                        state.phase() instanceof Idle idle && !idle.tried().isEmpty()
                                ? idle.tried()
                                : state.promoted());
    }

    private static String message(RolloutState state, Phase phase) {
        var said = switch (phase) {
            case INITIALIZING -> "New Deployment detected, initialization started.";
            case INITIALIZED -> "Deployment initialization completed.";
            case WAITING -> "Waiting for approval.";
            case PROGRESSING -> "New revision detected, progressing canary analysis.";
            case WAITING_PROMOTION -> "Waiting for approval.";
            case PROMOTING -> "Canary analysis completed, starting primary rolling update.";
            case FINALISING -> "Canary analysis completed, routing all traffic to primary.";
            case SUCCEEDED -> "Canary analysis completed successfully, promotion finished.";
            case FAILED ->
                state.phase() instanceof Parked
                        ? "Parked, with its traffic on the primary; a person's `retry` goes on from there."
                        : "Canary analysis failed, Deployment scaled to zero.";
            case TERMINATING -> "The Canary is being deleted, the target takes the traffic back.";
        };
        var reasons = switch (state.phase()) {
            case Idle at -> at.why();
            case RollingBack at -> at.reasons();
            case Parked(var why, var _) -> List.of(why);
            case Progressing at ->
                Stream.concat(
                                at.replaced().stream()
                                        .map(pod -> "pod %s %s, for %s"
                                                .formatted(
                                                        pod.named(),
                                                        pod.gone() ? "was replaced" : "is being replaced",
                                                        pod.why())),
                                at.run().checked().stream())
                        .toList();
            case New _, Initializing _, Waiting _, Promoting _, Terminating _ -> List.<String>of();
        };
        var paused = state.paused() ? " Paused by a person." : "";
        var trouble =
                state.known().trouble().map(why -> " Last write failed: " + why).orElse("");
        return said + (reasons.isEmpty() ? "" : " " + String.join("; ", reasons) + ".") + paused + trouble;
    }
}
