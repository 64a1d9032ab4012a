package dev.aviary.router.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.aviary.decisions.rollout.Desired;
import dev.aviary.decisions.rollout.Desired.Stage;
import dev.aviary.events.CanaryKey;
import dev.aviary.events.CanaryScaled;
import dev.aviary.events.Percent;
import dev.aviary.events.PodRemoved;
import dev.aviary.events.PrimaryInitialized;
import dev.aviary.events.PrimaryUpdated;
import dev.aviary.events.RouterOutcome;
import dev.aviary.events.TargetRestored;
import dev.aviary.events.TrafficShifted;
import dev.aviary.events.WriteFailed;
import dev.aviary.flagger.Canary;
import dev.aviary.flagger.Revision;
import dev.aviary.router.RealCluster;
import dev.aviary.router.traffic.FencedWriter;
import dev.aviary.router.traffic.GatewayApiTrafficRouter;
import dev.aviary.router.traffic.KubernetesTrafficRouter;
import dev.aviary.router.workload.ConfigCopies;
import dev.aviary.router.workload.DeploymentController;
import dev.aviary.router.workload.LabelPrefixes;
import dev.aviary.router.workload.Scalers;
import dev.aviary.router.workload.Services;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServiceBuilder;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPRoute;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// What the decider wants becomes so, on a real API server.
class ClusterIT {
    private static final Instant NOON = Instant.parse("2026-01-01T12:00:00Z");
    private static final String TARGET = """
            apiVersion: apps/v1
            kind: Deployment
            metadata: {name: checkout, namespace: %s}
            spec:
              replicas: 1
              selector: {matchLabels: {app: checkout}}
              template:
                metadata: {labels: {app: checkout}}
                spec: {containers: [{name: app, image: "checkout:1"}]}
            """;

    private KubernetesClient kube;
    private String namespace;
    private CanaryKey key;
    private Cluster world;
    private Desired confirmed = Desired.NOTHING;

    @BeforeEach
    void aTarget() {
        kube = RealCluster.client();
        namespace = RealCluster.namespace(kube);
        key = new CanaryKey("eu", namespace, "checkout");
        kube.resource(TARGET.formatted(namespace)).create();
        RealCluster.canary(kube, namespace, spec("gatewayapi:v1"));
        world = world();
    }

    private static String spec(String provider) {
        return """
                provider: %s
                revertOnDeletion: true
                service: {port: 80, gatewayRefs: [{name: front}]}
                """.formatted(provider);
    }

    private Cluster world() {
        var writer = new FencedWriter(kube);
        var deployments = new DeploymentController(
                kube,
                writer,
                new ConfigCopies(kube, writer),
                new Scalers(kube, writer),
                new DeploymentController.Settings(List.of("app"), new LabelPrefixes(List.of()), true));
        var providers = new Providers(
                List.of(new GatewayApiTrafficRouter(kube, writer), new KubernetesTrafficRouter()),
                List.of(deployments),
                "gatewayapi:v1");
        return new Cluster(kube, providers, new Services(kube, writer), new Finalizers(kube), () -> NOON);
    }

    @Test
    void theWayFromFirstSightToDeletion() {
        var a = live();
        assertThat(apply(desired(1, Stage.BOOTSTRAP, a, "0", true)))
                .containsExactly(new PrimaryUpdated(1, a, Duration.ZERO));
        assertThat(deployment("checkout").getSpec().getReplicas()).isEqualTo(1); // serves on
        assertThat(kube.services().inNamespace(namespace).withName("checkout").get())
                .isNull();

        assertThat(apply(desired(2, Stage.SERVING, a, "0", false)))
                .containsExactly(new PrimaryInitialized(2, false, Percent.ZERO, Duration.ZERO));
        assertThat(deployment("checkout").getSpec().getReplicas()).isZero();
        assertThat(service("checkout").getSpec().getSelector()).containsEntry("app", "checkout-primary");
        assertThat(canary().getMetadata().getFinalizers()).containsExactly(Finalizers.NAME);

        var b = released("checkout:2");
        assertThat(apply(desired(3, Stage.SERVING, a, "0", true)))
                .containsExactly(shifted(3, "0"), new CanaryScaled(3, 1, Duration.ZERO));
        assertThat(apply(desired(4, Stage.SERVING, a, "5", true))).containsExactly(shifted(4, "5"));
        assertThat(apply(desired(5, Stage.SERVING, b, "5", true)))
                .containsExactly(shifted(5, "5"), new PrimaryUpdated(5, b, Duration.ZERO));
        assertThat(deployment("checkout-primary")
                        .getSpec()
                        .getTemplate()
                        .getSpec()
                        .getContainers()
                        .getFirst()
                        .getImage())
                .isEqualTo("checkout:2");
        assertThat(apply(desired(6, Stage.SERVING, b, "0", true))).containsExactly(shifted(6, "0"));
        assertThat(apply(desired(7, Stage.SERVING, b, "0", false)))
                .containsExactly(shifted(7, "0"), new CanaryScaled(7, 0, Duration.ZERO));

        kube.resource(canary()).delete();
        assertThat(apply(desired(8, Stage.SERVING, b, "0", true))).contains(new CanaryScaled(8, 1, Duration.ZERO));
        assertThat(apply(desired(9, Stage.RESTORED, b, "0", true)))
                .containsExactly(new TargetRestored(9, Duration.ZERO));
        assertThat(kube.resources(Canary.class)
                        .inNamespace(namespace)
                        .withName("checkout")
                        .get())
                .isNull();
    }

    @Test
    void deletionBeforeThePrimaryIsReadyLeadsNoTrafficToIt() {
        apply(desired(1, Stage.BOOTSTRAP, live(), "0", true));
        // As the decision to terminate leaves it: the target is asked for its word.
        confirmed = desired(1, Stage.BOOTSTRAP, live(), "0", false);

        assertThat(apply(desired(2, Stage.SERVING, "", "0", true)))
                .containsExactly(shifted(2, "0"), new CanaryScaled(2, 1, Duration.ZERO));

        assertThat(kube.services().inNamespace(namespace).withName("checkout").get())
                .isNull();
        assertThat(kube.resources(HTTPRoute.class).inNamespace(namespace).list().getItems())
                .isEmpty();
        assertThat(apply(desired(3, Stage.RESTORED, "", "0", true)))
                .containsExactly(new TargetRestored(3, Duration.ZERO));
    }

    @Test
    void whatStandsIsTakenOverAndNothingIsMoved() {
        serving();
        apply(desired(3, Stage.SERVING, live(), "5", true));
        var before = route().getMetadata().getResourceVersion();
        confirmed = Desired.NOTHING; // the log was lost

        assertThat(apply(desired(1, Stage.BOOTSTRAP, "v1:whatever", "0", true)))
                .containsExactly(new PrimaryInitialized(1, true, Percent.of("5"), Duration.ZERO, Optional.of(3L)));
        assertThat(route().getMetadata().getResourceVersion()).isEqualTo(before);
    }

    @Test
    void trafficLeavesTheCanaryEvenIfNothingElseCanBeWritten() {
        serving();
        apply(desired(3, Stage.SERVING, live(), "5", true));
        confirmed = desired(3, Stage.SERVING, "v1:old", "5", true);

        var outcomes = apply(desired(4, Stage.SERVING, "v1:gone", "0", true));

        assertThat(outcomes).first().isEqualTo(shifted(4, "0"));
        assertThat(outcomes).last().isInstanceOf(WriteFailed.class);
    }

    @Test
    void aSuspectPodIsRemovedAndSaidToBeOnce() {
        serving();
        apply(desired(3, Stage.SERVING, live(), "5", true));
        kube.resource("""
                        apiVersion: v1
                        kind: Pod
                        metadata: {name: checkout-7f-a, namespace: %s, labels: {app: checkout}}
                        spec: {containers: [{name: app, image: "checkout:1"}]}
                        """.formatted(namespace)).create();
        var wanted = new Desired(
                4, Stage.SERVING, live(), Percent.of("5"), Percent.ZERO, List.of(), true, Optional.of("checkout-7f-a"));

        assertThat(apply(wanted)).containsExactly(shifted(4, "5"), new PodRemoved(4, "checkout-7f-a", Duration.ZERO));
        assertThat(kube.pods().inNamespace(namespace).list().getItems()).isEmpty();
        assertThat(apply(wanted)).containsExactly(shifted(4, "5"));
    }

    @Test
    void anUnknownProviderIsRefusedWithTheKnownOnes() {
        kube.resource(canary()).edit(there -> {
            there.setSpec(RealCluster.parsed(namespace, spec("traefk")).getSpec());
            return there;
        });

        assertThat(apply(desired(1, Stage.BOOTSTRAP, live(), "0", true)))
                .singleElement()
                .asInstanceOf(org.assertj.core.api.InstanceOfAssertFactories.type(WriteFailed.class))
                .extracting(WriteFailed::why)
                .asString()
                .contains(
                        "spec.provider is \"traefk\", which no traffic router serves; known: gatewayapi:v1, kubernetes");
    }

    @Test
    void d6DriftIsRepairedInPassingAndAHandIsOnlyToldOf() {
        serving();
        apply(desired(3, Stage.SERVING, live(), "5", true));
        byHand(service -> new ServiceBuilder(service)
                .editSpec()
                .withSelector(Map.of("app", "nobody"))
                .endSpec()
                .build());

        assertThat(world.inspect(key, confirmed)).isEmpty();
        assertThat(service("checkout").getSpec().getSelector()).containsEntry("app", "checkout-primary");
        assertThat(shareOfCanary()).isEqualTo(5);

        try (var hand = RealCluster.client("some-hand/1")) {
            var route = route();
            var backends = route.getSpec().getRules().getFirst().getBackendRefs();
            backends.getFirst().setWeight(50);
            backends.getLast().setWeight(50);
            hand.resource(route).update();
        }
        assertThat(world.inspect(key, confirmed)).hasValueSatisfying(changed -> {
            assertThat(changed.before()).isEqualTo(Percent.of("5"));
            assertThat(changed.after()).isEqualTo(Percent.of("50"));
            assertThat(changed.by()).isEqualTo("some-hand");
        });
        assertThat(shareOfCanary()).isEqualTo(50);
    }

    @Test
    void withoutTheLogTrafficGoesToTheSideThatLastProvedReady() {
        serving();
        apply(desired(3, Stage.SERVING, live(), "20", true));

        assertThat(world.retreat(key, confirmed, SafeSide.CANARY)).isEqualTo(Percent.of("20"));
        assertThat(world.retreat(key, confirmed, SafeSide.PRIMARY_IF_READY))
                .isEqualTo(Percent.of("20")); // it has no pods
        assertThat(world.retreat(key, confirmed, SafeSide.PRIMARY)).isEqualTo(Percent.ZERO);
        assertThat(shareOfCanary()).isZero();
    }

    private void serving() {
        apply(desired(1, Stage.BOOTSTRAP, live(), "0", true));
        apply(desired(2, Stage.SERVING, live(), "0", false));
    }

    private List<RouterOutcome> apply(Desired desired) {
        var outcomes = world.apply(key, desired, confirmed, NOON, Duration.ofSeconds(1));
        if (outcomes.stream().noneMatch(WriteFailed.class::isInstance)) {
            confirmed = desired;
        }
        return outcomes;
    }

    private String live() {
        var template = deployment("checkout").getSpec().getTemplate();
        return ((Revision.Known) Revision.of(template, Map.of())).revision().name();
    }

    private String released(String image) {
        kube.resource(deployment("checkout")).edit(target -> {
            target.getSpec().getTemplate().getSpec().getContainers().getFirst().setImage(image);
            return target;
        });
        return live();
    }

    private void byHand(java.util.function.UnaryOperator<Service> change) {
        try (var hand = RealCluster.client("some-hand/1")) {
            hand.resource(change.apply(service("checkout"))).update();
        }
    }

    private int shareOfCanary() {
        return route().getSpec()
                .getRules()
                .getFirst()
                .getBackendRefs()
                .getLast()
                .getWeight();
    }

    private HTTPRoute route() {
        return kube.resources(HTTPRoute.class)
                .inNamespace(namespace)
                .withName("checkout")
                .require();
    }

    private Canary canary() {
        return kube.resources(Canary.class)
                .inNamespace(namespace)
                .withName("checkout")
                .require();
    }

    private Deployment deployment(String name) {
        return kube.apps().deployments().inNamespace(namespace).withName(name).require();
    }

    private Service service(String name) {
        return kube.services().inNamespace(namespace).withName(name).require();
    }

    private static TrafficShifted shifted(long seq, String canary) {
        return new TrafficShifted(seq, Percent.of(canary), Percent.ZERO, Duration.ZERO);
    }

    private static Desired desired(long seq, Stage stage, String primary, String canary, boolean up) {
        return new Desired(seq, stage, primary, Percent.of(canary), Percent.ZERO, List.of(), up);
    }
}
