package dev.aviary.notifier.alert;

import dev.aviary.events.CanaryApplied;
import dev.aviary.events.CanarySpec;
import dev.aviary.events.CheckCompleted;
import dev.aviary.events.GateDecided;
import dev.aviary.events.HookKind;
import dev.aviary.events.InitializationStarted;
import dev.aviary.events.Plan;
import dev.aviary.events.PrimaryInitialized;
import dev.aviary.events.Promoted;
import dev.aviary.events.PromotionFailed;
import dev.aviary.events.PromotionStarted;
import dev.aviary.events.RolledBack;
import dev.aviary.events.RolloutEvent;
import dev.aviary.events.RolloutStarted;
import dev.aviary.events.ScaleDownStarted;
import dev.aviary.events.ScaleUpStarted;
import dev.aviary.events.StepStarted;
import dev.aviary.events.TerminationStarted;
import dev.aviary.events.Verdict;
import java.util.Optional;

/// What the notifier knows of a canary from the log: enough for its words, not for decisions.
///
/// @param uid      of the Canary
/// @param plan     of the rollout under way, or the last one
/// @param revision that was rolled out last, empty if none was
/// @param phase    as Flagger calls it
/// @param passed   checks of the present step
public record Known(
        Optional<String> uid,
        Optional<CanarySpec> spec,
        Optional<Plan> plan,
        String revision,
        String phase,
        int passed) {
    public static final Known NOTHING =
            new Known(Optional.empty(), Optional.empty(), Optional.empty(), "", "Initializing", 0);

    public Known hear(RolloutEvent event) {
        return switch (event) {
            case CanaryApplied applied ->
                new Known(Optional.of(applied.uid()), Optional.of(applied.spec()), plan, revision, phase, passed);
            case RolloutStarted started -> new Known(uid, spec, Optional.of(started.plan()), started.to(), phase, 0);
            case InitializationStarted _ -> in("Initializing");
            case PrimaryInitialized _ -> in("Initialized");
            case ScaleUpStarted _ -> in("Progressing");
            case StepStarted _ -> new Known(uid, spec, plan, revision, "Progressing", 0);
            case GateDecided gate when closes(gate, HookKind.CONFIRM_ROLLOUT) -> in("Waiting");
            case GateDecided gate when closes(gate, HookKind.CONFIRM_PROMOTION) -> in("WaitingPromotion");
            case CheckCompleted check
            when check.verdict() == Verdict.PASSED -> new Known(uid, spec, plan, revision, phase, passed + 1);
            case PromotionStarted _ -> in("Promoting");
            case ScaleDownStarted _ when phase.equals("Promoting") -> in("Finalising");
            case Promoted _ -> in("Succeeded");
            case RolledBack _, PromotionFailed _ -> in("Failed");
            case TerminationStarted _ -> in("Terminating");
            default -> this; // says nothing about what is kept here
        };
    }

    /// Flagger's own reason, `Synced`, where a team wants its behaviour; else the phase.
    public String reason() {
        return strict() ? "Synced" : phase;
    }

    /// Flagger's own behaviour is wanted, by the Canary's annotation or the detector's setting.
    public boolean strict() {
        return spec.filter(CanarySpec::strict).isPresent();
    }

    private static boolean closes(GateDecided gate, HookKind kind) {
        return gate.kind() == kind && gate.outcome() != GateDecided.Outcome.OPENED;
    }

    private Known in(String next) {
        return new Known(uid, spec, plan, revision, next, passed);
    }
}
