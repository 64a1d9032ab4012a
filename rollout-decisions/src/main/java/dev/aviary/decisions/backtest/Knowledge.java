package dev.aviary.decisions.backtest;

import dev.aviary.events.CanarySpec;
import dev.aviary.events.EvidenceRecorded;
import dev.aviary.events.GuardSpec;
import dev.aviary.events.Policy;
import java.util.Optional;
import java.util.TreeMap;

/// What the log can tell of a rollout under another policy.
///
/// @param spec  by which what was recorded is judged once more
/// @param blind why the other policy's guard would have seen something else than what is recorded
/// @param apart the log has what was counted at each pod
record Knowledge(CanarySpec spec, Optional<String> blind, boolean apart) {
    /// @param first of the rollout, if there is any
    static Knowledge of(CanarySpec acting, Policy policy, Optional<EvidenceRecorded> first) {
        var spec = policy.appliedTo(acting);
        boolean apart = first.filter(evidence -> evidence.pods().isEmpty()).isEmpty();
        return apart
                ? new Knowledge(spec, blind(acting.guarded(), spec.guarded()), true)
                : new Knowledge(
                        withoutBurnIn(spec),
                        blind(acting.guarded(), spec.guarded()).or(() -> together(acting.guarded(), spec.guarded())),
                        false);
    }

    /// It was taken off before the looks were recorded.
    private static CanarySpec withoutBurnIn(CanarySpec spec) {
        var none = Optional.<Integer>empty();
        return new Policy(
                        none,
                        Optional.empty(),
                        none,
                        new TreeMap<>(),
                        new Policy.Guard(
                                Optional.empty(),
                                Optional.empty(),
                                Optional.of(0),
                                Optional.empty(),
                                Optional.empty(),
                                Optional.empty(),
                                Optional.empty(),
                                Optional.empty()))
                .appliedTo(spec);
    }

    private static Optional<String> blind(GuardSpec acting, GuardSpec otherwise) {
        if (!otherwise.acts()) {
            return Optional.empty();
        }
        if (acting.mode() == GuardSpec.Mode.OFF) {
            return Optional.of("the guard was off, so nothing was counted");
        }
        return otherwise.every().compareTo(acting.every()) < 0
                ? Optional.of("the guard looked every %s ms, not every %s ms"
                        .formatted(acting.every().toMillis(), otherwise.every().toMillis()))
                : Optional.empty();
    }

    /// What a step has to show is the same under both.
    static boolean clearsAs(GuardSpec one, GuardSpec other) {
        return one.acts() == other.acts()
                && one.clearAt().equals(other.clearAt())
                && one.clearBeta().equals(other.clearBeta())
                && one.burnIn() == other.burnIn();
    }

    /// Recorded by an earlier version.
    private static Optional<String> together(GuardSpec acting, GuardSpec otherwise) {
        boolean spends = otherwise.budget().isPresent() && !otherwise.budget().equals(acting.budget());
        return otherwise.acts() && (spends || acting.burnIn() != otherwise.burnIn())
                ? Optional.of("the log has the counts without each pod's first %s requests".formatted(acting.burnIn()))
                : Optional.empty();
    }
}
