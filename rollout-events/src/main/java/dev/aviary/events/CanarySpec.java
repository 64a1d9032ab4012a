package dev.aviary.events;

import java.time.Duration;
import java.util.List;
import java.util.Optional;

/// What a team wants of a canary, with every default filled in and every template resolved. No secret, no
/// address: who needs those reads the live object.
///
/// @param provider         names the traffic router, such as `gatewayapi:v1`
/// @param service          name of the Service that clients use (the apex)
/// @param interval         from one check to the next, at least 10 s
/// @param threshold        failed checks of a rollout that take it back, at least 1
/// @param progressDeadline bounds readiness, and the time without a conclusive check beyond one interval
/// @param drain            from traffic gone to the canary's scale-down
/// @param primaryReady     percent of the primary's updated replicas that must be available
/// @param canaryReady      the same of the canary's
/// @param guard            as annotated
/// @param shadow           a second policy that is judged beside this one, as annotated
/// @param strict           Flagger's own behaviour where Aviary's is better (`aviary.dev/compat: strict`)
public record CanarySpec(
        WorkloadRef target,
        String provider,
        String service,
        Strategy strategy,
        Duration interval,
        int threshold,
        Duration progressDeadline,
        Duration drain,
        int primaryReady,
        int canaryReady,
        List<MetricSpec> metrics,
        List<HookSpec> hooks,
        boolean skipAnalysis,
        boolean suspended,
        boolean revertOnDeletion,
        boolean strict,
        Optional<GuardSpec> guard,
        Optional<ShadowSpec> shadow) {
    /// Without a shadow policy.
    public CanarySpec(
            WorkloadRef target,
            String provider,
            String service,
            Strategy strategy,
            Duration interval,
            int threshold,
            Duration progressDeadline,
            Duration drain,
            int primaryReady,
            int canaryReady,
            List<MetricSpec> metrics,
            List<HookSpec> hooks,
            boolean skipAnalysis,
            boolean suspended,
            boolean revertOnDeletion,
            boolean strict,
            Optional<GuardSpec> guard) {
        this(
                target,
                provider,
                service,
                strategy,
                interval,
                threshold,
                progressDeadline,
                drain,
                primaryReady,
                canaryReady,
                metrics,
                hooks,
                skipAnalysis,
                suspended,
                revertOnDeletion,
                strict,
                guard,
                Optional.empty());
    }

    /// With the guard as it is by default.
    public CanarySpec(
            WorkloadRef target,
            String provider,
            String service,
            Strategy strategy,
            Duration interval,
            int threshold,
            Duration progressDeadline,
            Duration drain,
            int primaryReady,
            int canaryReady,
            List<MetricSpec> metrics,
            List<HookSpec> hooks,
            boolean skipAnalysis,
            boolean suspended,
            boolean revertOnDeletion,
            boolean strict) {
        this(
                target,
                provider,
                service,
                strategy,
                interval,
                threshold,
                progressDeadline,
                drain,
                primaryReady,
                canaryReady,
                metrics,
                hooks,
                skipAnalysis,
                suspended,
                revertOnDeletion,
                strict,
                Optional.empty());
    }

    /// @return as set, or [GuardSpec#DEFAULT] where the log is from before there was one
    public GuardSpec guarded() {
        return guard.orElse(GuardSpec.DEFAULT);
    }

    /// @return the policy that is to be judged beside this one
    public Optional<Policy> shadowed() {
        return shadow.filter(given -> given.problem().isEmpty()).map(ShadowSpec::policy);
    }

    /// The same but for what is judged beside it.
    public CanarySpec with(Optional<ShadowSpec> shadow) {
        return new CanarySpec(
                target,
                provider,
                service,
                strategy,
                interval,
                threshold,
                progressDeadline,
                drain,
                primaryReady,
                canaryReady,
                metrics,
                hooks,
                skipAnalysis,
                suspended,
                revertOnDeletion,
                strict,
                guard,
                shadow);
    }

    public boolean has(HookKind kind) {
        return hooks.stream().anyMatch(hook -> hook.kind() == kind);
    }

    public List<HookSpec> hooks(HookKind kind) {
        return hooks.stream().filter(hook -> hook.kind() == kind).toList();
    }
}
