package dev.aviary.router.workload;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.aviary.flagger.Canary;
import dev.aviary.flagger.Revision;
import dev.aviary.router.RealCluster;
import dev.aviary.router.traffic.Fence;
import dev.aviary.router.traffic.FencedWriter;
import dev.aviary.router.traffic.Owned;
import dev.aviary.router.traffic.UnservableException;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.EnvFromSourceBuilder;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Primary, Services, configs and scaler on a real API server; its controllers don't run.
class DeploymentControllerIT {
    private static final String OBJECTS = """
            apiVersion: v1
            kind: List
            items:
            - apiVersion: v1
              kind: ConfigMap
              metadata: {name: settings, labels: {team: pay}}
              data: {color: blue}
              binaryData: {logo: AAEC}
            - apiVersion: v1
              kind: ConfigMap
              metadata: {name: shared, annotations: {flagger.app/config-tracking: disabled}}
              data: {a: b}
            - apiVersion: v1
              kind: Secret
              metadata: {name: key}
              stringData: {token: s3cret}
            - apiVersion: autoscaling/v2
              kind: HorizontalPodAutoscaler
              metadata: {name: checkout}
              spec:
                scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: checkout}
                minReplicas: 2
                maxReplicas: 5
                metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 80}}}]
            - apiVersion: apps/v1
              kind: Deployment
              metadata: {name: checkout, labels: {app: checkout, team: pay, other: x}, annotations: {owner: alice}}
              spec:
                replicas: 3
                minReadySeconds: 1
                selector: {matchLabels: {app: checkout}}
                template:
                  metadata: {labels: {app: checkout, tier: web}, annotations: {note: hello}}
                  spec:
                    affinity:
                      podAntiAffinity:
                        requiredDuringSchedulingIgnoredDuringExecution:
                        - topologyKey: zone
                          labelSelector: {matchExpressions: [{key: app, operator: In, values: [checkout, other]}]}
                    topologySpreadConstraints:
                    - {maxSkew: 1, topologyKey: zone, whenUnsatisfiable: ScheduleAnyway, labelSelector: {matchLabels: {app: checkout}}}
                    volumes:
                    - {name: settings, configMap: {name: settings}}
                    - {name: both, projected: {sources: [{configMap: {name: shared}}, {secret: {name: key}}]}}
                    containers:
                    - name: app
                      image: checkout:1
                      ports: [{containerPort: 8080, name: http}, {containerPort: 9100, name: metrics}, {containerPort: 9200}]
                      env: [{name: MAYBE, valueFrom: {configMapKeyRef: {name: absent, key: a, optional: true}}}]
                      envFrom: [{secretRef: {name: key}}]
                    - {name: istio-proxy, image: "proxy:1", ports: [{containerPort: 15090}]}
            """;

    private KubernetesClient kube;
    private String namespace;
    private Canary canary;
    private FencedWriter writer;
    private DeploymentController workload;
    private Services services;

    @BeforeEach
    void aTarget() {
        kube = RealCluster.client();
        namespace = RealCluster.namespace(kube);
        kube.resourceList(OBJECTS).inNamespace(namespace).create();
        canary = RealCluster.canary(kube, namespace, """
                provider: gatewayapi:v1
                autoscalerRef: {apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, name: checkout, primaryScalerReplicas: {maxReplicas: 9}}
                service:
                  port: 80
                  targetPort: http
                  portDiscovery: true
                  appProtocol: http
                  primary: {labels: {side: primary}, annotations: {a: b}}
                  unmanagedMetadata: {labels: [kept]}
                """);
        writer = new FencedWriter(kube);
        workload = controller(List.of("app"));
        services = new Services(kube, writer);
    }

    private DeploymentController controller(List<String> selectorLabels) {
        return new DeploymentController(
                kube,
                writer,
                new ConfigCopies(kube, writer),
                new Scalers(kube, writer),
                new DeploymentController.Settings(selectorLabels, new LabelPrefixes(List.of("team")), true));
    }

    @Test
    void aPodOfTheTargetGoesByItsNameAndNoOtherDoes() {
        pod("checkout-7f-a", "checkout");
        pod("checkout-7f-b", "checkout");
        pod("checkout-primary-9c-a", "checkout-primary");

        workload.remove(canary, "checkout-7f-a");
        workload.remove(canary, "checkout-7f-a"); // gone is gone

        assertThatExceptionOfType(UnservableException.class)
                .isThrownBy(() -> workload.remove(canary, "checkout-primary-9c-a"))
                .withMessageContaining("isn't one of Deployment checkout: its label app is \"checkout-primary\"");
        assertThat(kube.pods().inNamespace(namespace).list().getItems())
                .extracting(pod -> pod.getMetadata().getName())
                .containsExactlyInAnyOrder("checkout-7f-b", "checkout-primary-9c-a");
    }

    private void pod(String name, String app) {
        kube.resource("""
                        apiVersion: v1
                        kind: Pod
                        metadata: {name: %s, namespace: %s, labels: {app: %s}}
                        spec: {containers: [{name: app, image: "checkout:1"}]}
                        """.formatted(name, namespace, app)).create();
    }

    @Test
    void thePrimaryIsACopyOfTheTargetWithALabelOfItsOwn() {
        workload.promote(canary, live(), new Fence(1));

        var primary = deployment("checkout-primary");
        assertThat(Owned.by(canary, primary)).isTrue();
        assertThat(primary.getMetadata().getLabels()).isEqualTo(Map.of("app", "checkout-primary", "team", "pay"));
        assertThat(primary.getMetadata().getAnnotations()).containsEntry("owner", "alice");
        assertThat(primary.getSpec().getSelector().getMatchLabels()).isEqualTo(Map.of("app", "checkout-primary"));
        assertThat(primary.getSpec().getReplicas()).isEqualTo(3);
        assertThat(primary.getSpec().getMinReadySeconds()).isEqualTo(1);
        var template = primary.getSpec().getTemplate();
        assertThat(template.getMetadata().getLabels()).isEqualTo(Map.of("app", "checkout-primary", "tier", "web"));
        assertThat(template.getMetadata().getAnnotations())
                .containsEntry("note", "hello")
                .containsEntry(PrimaryTemplate.REVISION, live());
    }

    @Test
    void thePrimaryKeepsApartFromItsOwnLike() {
        workload.promote(canary, live(), new Fence(1));

        var spec = deployment("checkout-primary").getSpec().getTemplate().getSpec();
        assertThat(spec.getAffinity()
                        .getPodAntiAffinity()
                        .getRequiredDuringSchedulingIgnoredDuringExecution()
                        .getFirst()
                        .getLabelSelector()
                        .getMatchExpressions()
                        .getFirst()
                        .getValues())
                .containsExactly("checkout-primary", "other");
        assertThat(spec.getTopologySpreadConstraints()
                        .getFirst()
                        .getLabelSelector()
                        .getMatchLabels())
                .containsEntry("app", "checkout-primary");
    }

    @Test
    void thePrimaryHasConfigsOfItsOwn() {
        workload.promote(canary, live(), new Fence(1));

        var spec = deployment("checkout-primary").getSpec().getTemplate().getSpec();
        var sources = spec.getVolumes().get(1).getProjected().getSources();
        assertThat(spec.getVolumes().getFirst().getConfigMap().getName()).isEqualTo("settings-primary");
        assertThat(sources.getFirst().getConfigMap().getName()).isEqualTo("shared"); // opted out
        assertThat(sources.getLast().getSecret().getName()).isEqualTo("key-primary");
        assertThat(spec.getContainers()
                        .getFirst()
                        .getEnvFrom()
                        .getFirst()
                        .getSecretRef()
                        .getName())
                .isEqualTo("key-primary");
        assertThat(spec.getContainers()
                        .getFirst()
                        .getEnv()
                        .getFirst()
                        .getValueFrom()
                        .getConfigMapKeyRef()
                        .getName())
                .isEqualTo("absent");
        var settings = kube.configMaps()
                .inNamespace(namespace)
                .withName("settings-primary")
                .require();
        assertThat(settings.getData()).isEqualTo(Map.of("color", "blue"));
        assertThat(settings.getBinaryData()).isEqualTo(Map.of("logo", "AAEC"));
        assertThat(settings.getMetadata().getLabels()).isEqualTo(Map.of("team", "pay"));
        Secret key =
                kube.secrets().inNamespace(namespace).withName("key-primary").require();
        assertThat(key.getData()).isEqualTo(Map.of("token", "czNjcmV0"));
    }

    @Test
    void aPromotionCopiesConfigsAndTemplateAgain() {
        workload.promote(canary, live(), new Fence(1));
        kube.configMaps()
                .inNamespace(namespace)
                .withName("settings")
                .edit(map ->
                        new ConfigMapBuilder(map).addToData("color", "green").build());
        edit(target -> target.getSpec()
                .getTemplate()
                .getSpec()
                .getContainers()
                .getFirst()
                .setImage("checkout:2"));

        workload.promote(canary, live(), new Fence(2));

        var template = deployment("checkout-primary").getSpec().getTemplate();
        assertThat(template.getSpec().getContainers().getFirst().getImage()).isEqualTo("checkout:2");
        assertThat(template.getMetadata().getAnnotations()).containsEntry(PrimaryTemplate.REVISION, live());
        assertThat(kube.configMaps()
                        .inNamespace(namespace)
                        .withName("settings-primary")
                        .require()
                        .getData())
                .containsEntry("color", "green");
    }

    @Test
    void d20WhatHasNotPassedIsNotPromoted() {
        workload.promote(canary, live(), new Fence(1));
        var passed = live();
        edit(target -> target.getSpec()
                .getTemplate()
                .getSpec()
                .getContainers()
                .getFirst()
                .setImage("checkout:2"));
        var tested = live();
        edit(target -> target.getSpec()
                .getTemplate()
                .getSpec()
                .getContainers()
                .getFirst()
                .setImage("checkout:3"));

        assertThatExceptionOfType(UnservableException.class)
                .isThrownBy(() -> workload.promote(canary, tested, new Fence(2)))
                .withMessageContaining("by now, %s was to be promoted".formatted(tested));
        assertThat(deployment("checkout-primary").getMetadata().getAnnotations())
                .containsEntry(PrimaryTemplate.REVISION, passed);
    }

    @Test
    void theSameRevisionIsNotWrittenTwice() {
        workload.promote(canary, live(), new Fence(1));
        var before = deployment("checkout-primary").getMetadata().getGeneration();

        workload.promote(canary, live(), new Fence(2));

        assertThat(deployment("checkout-primary").getMetadata().getGeneration()).isEqualTo(before);
    }

    @Test
    void aConfigThatIsMissingIsNamed() {
        edit(target -> target.getSpec()
                .getTemplate()
                .getSpec()
                .getContainers()
                .getFirst()
                .getEnvFrom()
                .add(new EnvFromSourceBuilder()
                        .withNewConfigMapRef("nowhere", false)
                        .build()));

        assertThatExceptionOfType(UnservableException.class)
                .isThrownBy(() -> workload.promote(canary, "v1:x", new Fence(1)))
                .withMessageContaining("uses ConfigMap nowhere, which doesn't exist");
    }

    @Test
    void aTargetWithoutASelectorLabelIsRefusedWithTheOnesThatServe() {
        assertThatExceptionOfType(UnservableException.class)
                .isThrownBy(() ->
                        controller(List.of("name", "app.kubernetes.io/name")).pods(canary))
                .withMessageContaining("has none of [name, app.kubernetes.io/name]");
    }

    @Test
    void theThreeServices() {
        var pods = workload.pods(canary);
        services.writeSides(canary, pods, new Fence(1));
        assertThat(services.leadsToPrimary(canary, pods)).isFalse();
        services.leadToPrimary(canary, pods, new Fence(1));

        var primary = service("checkout-primary");
        assertThat(services.leadsToPrimary(canary, pods)).isTrue();
        assertThat(primary.getSpec().getSelector()).isEqualTo(Map.of("app", "checkout-primary"));
        assertThat(primary.getMetadata().getLabels()).containsEntry("side", "primary");
        assertThat(primary.getMetadata().getAnnotations())
                .containsEntry("a", "b")
                .containsAllEntriesOf(Owned.HANDS_OFF);
        assertThat(primary.getSpec().getPorts())
                .extracting("name", "port")
                .containsExactly(
                        org.assertj.core.groups.Tuple.tuple("http", 80),
                        org.assertj.core.groups.Tuple.tuple("metrics", 9100),
                        org.assertj.core.groups.Tuple.tuple("tcp-app-2", 9200));
        assertThat(primary.getSpec().getPorts().getFirst().getTargetPort().getStrVal())
                .isEqualTo("http");
        assertThat(primary.getSpec().getPorts().getFirst().getAppProtocol()).isEqualTo("http");
        assertThat(service("checkout-canary").getSpec().getSelector()).isEqualTo(Map.of("app", "checkout"));
        assertThat(service("checkout").getSpec().getSelector()).isEqualTo(Map.of("app", "checkout-primary"));
    }

    @Test
    void d25AServiceThatIsSoAlreadyIsNotWrittenAgain() {
        var pods = workload.pods(canary);
        services.writeSides(canary, pods, new Fence(1));
        var before = service("checkout-canary").getMetadata().getResourceVersion();

        services.writeSides(canary, pods, new Fence(2));

        assertThat(service("checkout-canary").getMetadata().getResourceVersion())
                .isEqualTo(before);
    }

    @Test
    void whatNobodyAskedForGoesFromAnOwnServiceExceptWhatIsToBeLeftAlone() {
        var pods = workload.pods(canary);
        services.writeSides(canary, pods, new Fence(1));
        kube.resource(service("checkout-primary")).edit(service -> {
            service.getMetadata().getLabels().putAll(Map.of("foreign", "x", "kept", "y"));
            return service;
        });

        services.writeSides(canary, pods, new Fence(2));

        assertThat(service("checkout-primary").getMetadata().getLabels())
                .containsEntry("kept", "y")
                .doesNotContainKey("foreign");
    }

    @Test
    void anApexServiceThatWasThereBeforeIsTakenOverAndGivenBack() {
        kube.resource("""
                apiVersion: v1
                kind: Service
                metadata: {name: checkout, namespace: %s, labels: {foreign: x}}
                spec: {selector: {app: checkout}, ports: [{port: 80, name: old}], type: NodePort}
                """.formatted(namespace)).create();
        int nodePort = service("checkout").getSpec().getPorts().getFirst().getNodePort();
        var pods = workload.pods(canary);

        services.leadToPrimary(canary, pods, new Fence(1));
        assertThat(services.leadsToPrimary(canary, pods)).isTrue();
        assertThat(service("checkout").getMetadata().getLabels()).containsEntry("foreign", "x");
        assertThat(service("checkout").getSpec().getPorts().getFirst().getNodePort())
                .isEqualTo(nodePort);
        services.leadToTarget(canary, pods, new Fence(2));

        assertThat(service("checkout").getSpec().getSelector()).isEqualTo(Map.of("app", "checkout"));
        assertThat(service("checkout").getMetadata().getAnnotations())
                .doesNotContainKeys(Owned.HANDS_OFF.keySet().toArray(String[]::new));
    }

    @Test
    void theTargetGoesToZeroAndComesBackWithItsScalersMinimum() {
        workload.promote(canary, live(), new Fence(1));

        workload.scaleToZero(canary, new Fence(2));
        assertThat(deployment("checkout").getSpec().getReplicas()).isZero();

        assertThat(workload.scaleUp(canary, new Fence(3))).isEqualTo(2);
        workload.scaleToZero(canary, new Fence(4));
        workload.restore(canary, new Fence(5));
        assertThat(deployment("checkout").getSpec().getReplicas()).isEqualTo(3); // the primary's
    }

    @Test
    void thePrimaryGetsAScalerOfItsOwn() {
        workload.promote(canary, live(), new Fence(1));

        workload.copyScaler(canary, new Fence(2));

        var hpa = kube.autoscaling()
                .v2()
                .horizontalPodAutoscalers()
                .inNamespace(namespace)
                .withName("checkout-primary")
                .require();
        assertThat(hpa.getSpec().getScaleTargetRef().getName()).isEqualTo("checkout-primary");
        assertThat(hpa.getSpec().getMinReplicas()).isEqualTo(2);
        assertThat(hpa.getSpec().getMaxReplicas()).isEqualTo(9);
        assertThat(hpa.getSpec().getMetrics()).hasSize(1);
    }

    private String live() {
        var template = deployment("checkout").getSpec().getTemplate();
        var originals = new ConfigCopies(kube, writer).read(canary, template, true);
        return ((Revision.Known) Revision.of(template, originals.checksums()))
                .revision()
                .name();
    }

    private void edit(Consumer<Deployment> change) {
        kube.resource(deployment("checkout")).edit(target -> {
            change.accept(target);
            return target;
        });
    }

    private Deployment deployment(String name) {
        return kube.apps().deployments().inNamespace(namespace).withName(name).require();
    }

    private Service service(String name) {
        return kube.services().inNamespace(namespace).withName(name).require();
    }
}
