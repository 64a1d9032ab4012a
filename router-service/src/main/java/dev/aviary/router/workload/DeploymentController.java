package dev.aviary.router.workload;

import dev.aviary.events.Replicas;
import dev.aviary.flagger.Canary;
import dev.aviary.flagger.Revision;
import dev.aviary.router.traffic.Fence;
import dev.aviary.router.traffic.FencedWriter;
import dev.aviary.router.traffic.Owned;
import dev.aviary.router.traffic.UnservableException;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerPort;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.DeploymentBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.RollableScalableResource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Deployments: `<target>-primary` is a copy of the target beside it, with its own selector label and configs.
///
/// @see <a href="https://github.com/fluxcd/flagger/blob/main/pkg/canary/deployment_controller.go">Flagger's</a>
public class DeploymentController implements WorkloadController {
    private final KubernetesClient kube;
    private final FencedWriter writer;
    private final ConfigCopies configs;
    private final Scalers scalers;
    private final Settings settings;

    /// @param selectorLabels the first of them that the target's selector has tells the sides apart
    /// @param labels         that the primary inherits
    /// @param tracksConfigs  ConfigMaps and Secrets are copied for the primary
    public record Settings(List<String> selectorLabels, LabelPrefixes labels, boolean tracksConfigs) {}

    public DeploymentController(
            KubernetesClient kube, FencedWriter writer, ConfigCopies configs, Scalers scalers, Settings settings) {
        this.kube = kube;
        this.writer = writer;
        this.configs = configs;
        this.scalers = scalers;
        this.settings = settings;
    }

    @Override
    public String kind() {
        return "Deployment";
    }

    @Override
    public Pods pods(Canary canary) {
        return pods(canary, target(canary));
    }

    @Override
    public boolean hasPrimary(Canary canary) {
        return Optional.ofNullable(at(canary, primaryName(canary)).get())
                .flatMap(Owned::by)
                .filter(owner -> owner.canary().equals(canary.getMetadata().getName()))
                .isPresent();
    }

    @Override
    public long written(Canary canary) {
        return Stream.of(targetName(canary), primaryName(canary))
                .flatMap(name -> Optional.ofNullable(at(canary, name).get()).stream())
                .mapToLong(Fence::of)
                .max()
                .orElse(0);
    }

    @Override
    public boolean primaryReady(Canary canary) {
        return Optional.ofNullable(at(canary, primaryName(canary)).get())
                .map(DeploymentController::replicas)
                .filter(replicas -> replicas.ready(100))
                .isPresent();
    }

    @Override
    public void promote(Canary canary, String revision, Fence fence) {
        var primary = at(canary, primaryName(canary));
        if (Optional.ofNullable(primary.get())
                .flatMap(DeploymentController::revision)
                .filter(revision::equals)
                .isPresent()) {
            return;
        }
        var target = target(canary);
        var originals = configs.read(canary, target.getSpec().getTemplate(), settings.tracksConfigs());
        refuseAnother(canary, target, originals, revision);
        var pods = pods(canary, target);
        var copied = configs.write(canary, originals, settings.labels(), fence);
        var template = PrimaryTemplate.of(
                target.getSpec().getTemplate(),
                target.getMetadata().getName(),
                pods,
                copied,
                settings.selectorLabels(),
                revision);
        writer.write(primary, fence, _ -> 0, found -> {
            var before = found.map(there -> there.getSpec().getReplicas()).orElse(0);
            var spec = target.getSpec();
            int replicas = scalers.hasScaler(canary) && before > 0
                    ? before
                    : positive(spec.getReplicas()).or(() -> positive(before)).orElse(1);
            return new DeploymentBuilder(found.orElseGet(Deployment::new))
                    .withMetadata(metadata(canary, target, pods, revision, found))
                    .editOrNewSpec()
                    .withReplicas(replicas)
                    .withStrategy(spec.getStrategy())
                    .withMinReadySeconds(spec.getMinReadySeconds())
                    .withProgressDeadlineSeconds(spec.getProgressDeadlineSeconds())
                    .withRevisionHistoryLimit(spec.getRevisionHistoryLimit())
                    .withNewSelector()
                    .withMatchLabels(Map.of(pods.label(), pods.primary()))
                    .endSelector()
                    .withTemplate(template)
                    .endSpec()
                    .build();
        });
        if (hasPrimary(canary)) {
            scalers.update(canary, fence);
        }
    }

    private static void refuseAnother(
            Canary canary, Deployment target, ConfigCopies.Originals originals, String revision) {
        var where = "Deployment %s/%s"
                .formatted(
                        canary.getMetadata().getNamespace(),
                        target.getMetadata().getName());
        switch (Revision.of(target.getSpec().getTemplate(), originals.checksums())) {
            case Revision.Known(var live) when live.name().equals(revision) -> {}
            case Revision.Known(var live) ->
                throw new UnservableException(
                        "%s runs revision %s by now, %s was to be promoted; the primary stays as it is."
                                .formatted(where, live.name(), revision));
            case Revision.Missing(var config) ->
                throw new UnservableException("%s uses %s, which doesn't exist; the primary stays as it is."
                        .formatted(where, dev.aviary.flagger.Configs.inWords(config)));
        }
    }

    @Override
    public void copyScaler(Canary canary, Fence fence) {
        scalers.copy(canary, primaryName(canary), fence);
    }

    @Override
    public int scaleUp(Canary canary, Fence fence) {
        int fallback = scalers.minReplicas(canary)
                .orElseGet(() -> Optional.ofNullable(
                                at(canary, primaryName(canary)).get())
                        .flatMap(primary -> positive(primary.getSpec().getReplicas()))
                        .orElse(1));
        return scale(canary, fence, now -> now > 0 ? now : fallback);
    }

    @Override
    public void scaleToZero(Canary canary, Fence fence) {
        scale(canary, fence, _ -> 0);
    }

    /// A ReplicaSet never gives a name twice: whatever has it is the pod that was meant.
    @Override
    public void remove(Canary canary, String name) {
        var namespace = canary.getMetadata().getNamespace();
        var there = kube.pods().inNamespace(namespace).withName(name);
        var pod = there.get();
        if (pod == null || pod.getMetadata().getDeletionTimestamp() != null) {
            return;
        }
        var pods = pods(canary);
        var labels = Optional.ofNullable(pod.getMetadata().getLabels()).orElseGet(Map::of);
        if (!pods.value().equals(labels.get(pods.label()))) {
            throw new UnservableException(
                    "Pod %s/%s isn't one of Deployment %s: its label %s is \"%s\", not \"%s\". It stays."
                            .formatted(
                                    namespace,
                                    name,
                                    targetName(canary),
                                    pods.label(),
                                    labels.getOrDefault(pods.label(), ""),
                                    pods.value()));
        }
        kube.resource(pod).lockResourceVersion().delete();
    }

    @Override
    public void restore(Canary canary, Fence fence) {
        int primary = Optional.ofNullable(at(canary, primaryName(canary)).get())
                .flatMap(there -> positive(there.getSpec().getReplicas()))
                .orElse(1);
        scale(canary, fence, now -> Math.max(now, primary));
    }

    private int scale(Canary canary, Fence fence, java.util.function.IntUnaryOperator replicas) {
        return writer.write(at(canary, targetName(canary)), fence, _ -> 0, found -> {
                    var there = found.orElseThrow(() -> missing(canary));
                    int now = Optional.ofNullable(there.getSpec().getReplicas()).orElse(1);
                    return new DeploymentBuilder(there)
                            .editSpec()
                            .withReplicas(replicas.applyAsInt(now))
                            .endSpec()
                            .build();
                })
                .getSpec()
                .getReplicas();
    }

    private ObjectMeta metadata(
            Canary canary, Deployment target, Pods pods, String revision, Optional<Deployment> found) {
        var labels = new TreeMap<>(settings.labels().of(target.getMetadata().getLabels()));
        labels.put(pods.label(), pods.primary());
        var annotations = new TreeMap<String, String>();
        if (found.isEmpty()) {
            Optional.ofNullable(target.getMetadata().getAnnotations())
                    .orElseGet(Map::of)
                    .forEach((key, value) -> {
                        if (!key.contains("toolkit.fluxcd.io") && !key.startsWith("kubectl.kubernetes.io/")) {
                            annotations.put(key, value);
                        }
                    });
            annotations.remove("deployment.kubernetes.io/revision");
            annotations.remove(Fence.ANNOTATION);
            annotations.put(PrimaryTemplate.REVISION, revision);
            return Owned.metadata(canary, primaryName(canary), labels, annotations);
        }
        annotations.put(PrimaryTemplate.REVISION, revision);
        var there = Owned.metadata(found.get().getMetadata(), labels, annotations);
        return Owned.by(canary, found.get())
                ? there
                : new ObjectMetaBuilder(there)
                        .withOwnerReferences(Owned.reference(canary))
                        .build();
    }

    private Pods pods(Canary canary, Deployment target) {
        var selector = Optional.ofNullable(target.getSpec().getSelector().getMatchLabels())
                .orElseGet(Map::of);
        return settings.selectorLabels().stream()
                .flatMap(label ->
                        Optional.ofNullable(selector.get(label))
                                .map(value -> new Pods(label, value, ports(canary, target)))
                                .stream())
                .findFirst()
                .orElseThrow(() -> new UnservableException(
                        "Deployment %s/%s: spec.selector.matchLabels has none of %s, by which its pods and the primary's could be told apart. Nothing is changed."
                                .formatted(
                                        canary.getMetadata().getNamespace(),
                                        target.getMetadata().getName(),
                                        settings.selectorLabels())));
    }

    /// Every port of every container but the Service's own and the sidecars', as Flagger names them.
    private static List<Port> ports(Canary canary, Deployment target) {
        var service = canary.getSpec() == null ? null : canary.getSpec().service();
        if (service == null || !Boolean.TRUE.equals(service.portDiscovery())) {
            return List.of();
        }
        var own = new HashSet<String>();
        Optional.ofNullable(service.port())
                .ifPresent(port -> own.add(port.toBigInteger().toString()));
        Optional.ofNullable(service.targetPort()).ifPresent(port -> own.add(String.valueOf(port.getValue())));
        var found = new ArrayList<Port>();
        for (Container container : target.getSpec().getTemplate().getSpec().getContainers()) {
            if (container.getName().equals("istio-proxy") || container.getName().equals("envoy")) {
                continue;
            }
            List<ContainerPort> ports =
                    Optional.ofNullable(container.getPorts()).orElseGet(List::of);
            for (int i = 0; i < ports.size(); i++) {
                var port = ports.get(i);
                var name = named(port.getName()).orElse("tcp-%s-%d".formatted(container.getName(), i));
                if (!own.contains(name) && !own.contains(String.valueOf(port.getContainerPort()))) {
                    found.add(new Port(name, port.getContainerPort()));
                }
            }
        }
        return List.copyOf(found);
    }

    private static Optional<String> named(@Nullable String name) {
        return Optional.ofNullable(name).filter(given -> !given.isEmpty());
    }

    private static Optional<String> revision(Deployment primary) {
        return Optional.ofNullable(primary.getMetadata().getAnnotations())
                .map((Map<String, String> all) -> all.get(PrimaryTemplate.REVISION));
    }

    static Replicas replicas(Deployment deployment) {
        var status = Optional.ofNullable(deployment.getStatus());
        var generation =
                Optional.ofNullable(deployment.getMetadata().getGeneration()).orElse(0L);
        return new Replicas(
                Optional.ofNullable(deployment.getSpec().getReplicas()).orElse(1),
                status.map(at -> at.getUpdatedReplicas()).orElse(0),
                status.map(at -> at.getAvailableReplicas()).orElse(0),
                status.map(at -> at.getReplicas()).orElse(0),
                status.map(at -> at.getObservedGeneration()).orElse(0L) >= generation);
    }

    private static Optional<Integer> positive(@Nullable Integer replicas) {
        return Optional.ofNullable(replicas).filter(count -> count > 0);
    }

    private Deployment target(Canary canary) {
        return Optional.ofNullable(at(canary, targetName(canary)).get()).orElseThrow(() -> missing(canary));
    }

    private static UnservableException missing(Canary canary) {
        return new UnservableException("Deployment %s/%s, the target of Canary %s, doesn't exist."
                .formatted(
                        canary.getMetadata().getNamespace(),
                        targetName(canary),
                        canary.getMetadata().getName()));
    }

    private RollableScalableResource<Deployment> at(Canary canary, String name) {
        return kube.apps()
                .deployments()
                .inNamespace(canary.getMetadata().getNamespace())
                .withName(name);
    }

    private static String targetName(Canary canary) {
        return Optional.ofNullable(canary.getSpec())
                .flatMap(spec -> Optional.ofNullable(spec.targetRef()))
                .flatMap(ref -> Optional.ofNullable(ref.name()))
                .orElseThrow(() -> new UnservableException("Canary %s/%s: spec.targetRef.name is missing."
                        .formatted(
                                canary.getMetadata().getNamespace(),
                                canary.getMetadata().getName())));
    }

    private static String primaryName(Canary canary) {
        return targetName(canary) + "-primary";
    }
}
