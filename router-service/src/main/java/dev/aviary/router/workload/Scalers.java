package dev.aviary.router.workload;

import dev.aviary.flagger.Canary;
import dev.aviary.router.traffic.Fence;
import dev.aviary.router.traffic.FencedWriter;
import dev.aviary.router.traffic.Owned;
import dev.aviary.router.traffic.UnservableException;
import io.fabric8.kubernetes.api.model.autoscaling.v2.HorizontalPodAutoscaler;
import io.fabric8.kubernetes.api.model.autoscaling.v2.HorizontalPodAutoscalerBuilder;
import io.fabric8.kubernetes.api.model.autoscaling.v2.HorizontalPodAutoscalerSpecBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.Resource;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.Map;
import java.util.Optional;

/// HorizontalPodAutoscalers: `<hpa>-primary` with the same metrics. The target's own needs no pause, zero replicas
/// switch it off.
@ApplicationScoped
public class Scalers {
    private final KubernetesClient kube;
    private final FencedWriter writer;

    public Scalers(KubernetesClient kube, FencedWriter writer) {
        this.kube = kube;
        this.writer = writer;
    }

    boolean hasScaler(Canary canary) {
        return ref(canary).isPresent();
    }

    /// How many replicas a target with a scaler starts with; the scaler does the rest.
    Optional<Integer> minReplicas(Canary canary) {
        return ref(canary)
                .map(name -> Optional.ofNullable(at(canary, name).get())
                        .flatMap(hpa -> Optional.ofNullable(hpa.getSpec().getMinReplicas()))
                        .filter(min -> min > 1)
                        .orElse(1));
    }

    void copy(Canary canary, String primary, Fence fence) {
        ref(canary).ifPresent(name -> {
            var original = Optional.ofNullable(at(canary, name).get())
                    .orElseThrow(() -> new UnservableException(
                            "HorizontalPodAutoscaler %s/%s, which Canary %s names in spec.autoscalerRef, doesn't exist."
                                    .formatted(
                                            canary.getMetadata().getNamespace(),
                                            name,
                                            canary.getMetadata().getName())));
            var bounds = Optional.ofNullable(canary.getSpec().autoscalerRef())
                    .flatMap(ref -> Optional.ofNullable(ref.primaryScalerReplicas()));
            var spec = new HorizontalPodAutoscalerSpecBuilder(original.getSpec())
                    .editScaleTargetRef()
                    .withName(primary)
                    .endScaleTargetRef();
            bounds.flatMap(given -> Optional.ofNullable(given.minReplicas())).ifPresent(spec::withMinReplicas);
            bounds.flatMap(given -> Optional.ofNullable(given.maxReplicas())).ifPresent(spec::withMaxReplicas);
            writer.keep(
                    at(canary, name + "-primary"),
                    fence,
                    found -> new HorizontalPodAutoscalerBuilder(found.orElseGet(HorizontalPodAutoscaler::new))
                            .withMetadata(found.map(HorizontalPodAutoscaler::getMetadata)
                                    .orElseGet(() -> Owned.metadata(
                                            canary,
                                            name + "-primary",
                                            Optional.ofNullable(original.getMetadata()
                                                            .getLabels())
                                                    .orElseGet(Map::of),
                                            Map.of())))
                            .withSpec(spec.build())
                            .build());
        });
    }

    /// As [#copy], where a copy stands.
    void update(Canary canary, Fence fence) {
        ref(canary)
                .flatMap(name ->
                        Optional.ofNullable(at(canary, name + "-primary").get()))
                .ifPresent(hpa -> copy(canary, hpa.getSpec().getScaleTargetRef().getName(), fence));
    }

    private static Optional<String> ref(Canary canary) {
        return Optional.ofNullable(canary.getSpec())
                .flatMap(spec -> Optional.ofNullable(spec.autoscalerRef()))
                .flatMap(ref -> {
                    if (!"HorizontalPodAutoscaler".equals(ref.kind())) {
                        throw new UnservableException(
                                "Canary %s/%s: spec.autoscalerRef.kind is \"%s\"; known: HorizontalPodAutoscaler."
                                        .formatted(
                                                canary.getMetadata().getNamespace(),
                                                canary.getMetadata().getName(),
                                                ref.kind()));
                    }
                    return Optional.ofNullable(ref.name());
                });
    }

    private Resource<HorizontalPodAutoscaler> at(Canary canary, String name) {
        return kube.autoscaling()
                .v2()
                .horizontalPodAutoscalers()
                .inNamespace(canary.getMetadata().getNamespace())
                .withName(name);
    }
}
