package dev.aviary.router.status;

import static org.assertj.core.api.Assertions.assertThat;

import dev.aviary.decisions.rollout.RolloutDecider;
import dev.aviary.decisions.rollout.RolloutState;
import dev.aviary.events.CanaryApplied;
import dev.aviary.events.CanaryKey;
import dev.aviary.events.CanaryRejected;
import dev.aviary.events.CanarySpec;
import dev.aviary.events.InitializationStarted;
import dev.aviary.events.Percent;
import dev.aviary.events.PrimaryInitialized;
import dev.aviary.events.RevisionDetected;
import dev.aviary.events.RolloutEvent;
import dev.aviary.events.Strategy;
import dev.aviary.events.TakeoverStarted;
import dev.aviary.events.WorkloadRef;
import dev.aviary.flagger.Canary;
import dev.aviary.router.RealCluster;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// What `kubectl get canaries` shows, on a real API server.
class StatusWriterIT {
    private static final Instant NOON = Instant.parse("2026-01-01T12:00:00Z");
    private static final CanarySpec SPEC = new CanarySpec(
            new WorkloadRef("Deployment", "checkout"),
            "gatewayapi:v1",
            "checkout",
            new Strategy.Progressive(List.of(Percent.of("5")), Percent.ZERO),
            Duration.ofSeconds(10),
            2,
            Duration.ofMinutes(5),
            Duration.ofSeconds(1),
            100,
            100,
            List.of(),
            List.of(),
            false,
            false,
            false,
            false);

    private KubernetesClient kube;
    private String namespace;
    private CanaryKey key;
    private StatusWriter writer;
    private Instant now = NOON;
    private RolloutState state = RolloutState.NEW;

    @BeforeEach
    void aCanary() {
        kube = RealCluster.client();
        namespace = RealCluster.namespace(kube);
        key = new CanaryKey("eu", namespace, "checkout");
        RealCluster.canary(kube, namespace, "service: {port: 80}\n");
        writer = new StatusWriter(kube, Runnable::run, (_, task) -> task.run(), () -> now);
    }

    @Test
    void thePhaseTheRevisionsAndTheConditionThatPeopleWaitFor() {
        initialized();

        var status = canary().getStatus();
        assertThat(status.phase()).isEqualTo("Initialized");
        assertThat(status.lastAppliedSpec()).isEqualTo("v1:a");
        assertThat(status.lastPromotedSpec()).isEqualTo("v1:a");
        assertThat(status.trackedConfigs()).isEqualTo(Map.of("configmap/settings", "0011223344556677"));
        assertThat(status.condition("Promoted")).hasValueSatisfying(condition -> {
            assertThat(condition.status()).isEqualTo("True");
            assertThat(condition.reason()).isEqualTo("Initialized");
            assertThat(condition.message()).isNotEmpty();
            assertThat(condition.lastTransitionTime()).isEqualTo("2026-01-01T12:00:00Z");
        });
    }

    @Test
    void d25WhatIsSoAlreadyIsNotWrittenAgainNorByTheNextInstance() {
        initialized();
        var before = canary().getMetadata().getResourceVersion();
        now = NOON.plusSeconds(60);

        writer.show(key, Optional.of(state), state);
        new StatusWriter(kube, Runnable::run, (_, task) -> task.run(), () -> now).show(key, Optional.empty(), state);

        assertThat(canary().getMetadata().getResourceVersion()).isEqualTo(before);
    }

    @Test
    void aResourceThatMakesNoSenseSaysSoAsLongAsItDoes() {
        initialized();

        hear(new CanaryRejected("Canary shop/checkout", "spec.analysis.interval", "is \"soon\"", "What was goes on."));
        assertThat(canary().getStatus().condition("Accepted")).hasValueSatisfying(condition -> {
            assertThat(condition.status()).isEqualTo("False");
            assertThat(condition.message()).contains("spec.analysis.interval is \"soon\"");
        });

        hear(new CanaryApplied("uid", 2, SPEC));
        assertThat(canary().getStatus().condition("Accepted")).isEmpty();
    }

    @Test
    void aCanaryThatIsGoneIsNoTrouble() {
        kube.resource(canary()).delete();

        initialized();

        assertThat(kube.resources(Canary.class)
                        .inNamespace(namespace)
                        .withName("checkout")
                        .get())
                .isNull();
    }

    private void initialized() {
        hear(new CanaryApplied("uid", 1, SPEC));
        hear(new RevisionDetected(
                "v1:a",
                Optional.empty(),
                List.of("app:1"),
                List.of(),
                new TreeMap<>(Map.of("configmap/settings", "0011223344556677"))));
        hear(new InitializationStarted("v1:a"));
        hear(new TakeoverStarted("v1:a"));
        hear(new PrimaryInitialized(state.seq(), false, Percent.ZERO, Duration.ZERO));
    }

    private void hear(RolloutEvent event) {
        var before = state;
        state = RolloutDecider.evolve(state, event);
        writer.show(key, Optional.of(before), state);
    }

    private Canary canary() {
        return kube.resources(Canary.class)
                .inNamespace(namespace)
                .withName("checkout")
                .require();
    }
}
