package dev.aviary.router.reconcile;

import dev.aviary.flagger.Canary;
import dev.aviary.router.traffic.TrafficRouter;
import dev.aviary.router.traffic.UnservableException;
import dev.aviary.router.workload.WorkloadController;
import java.util.Collection;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/// Who serves a Canary. An unknown name is refused, with the known ones: Flagger would take Istio.
public final class Providers {
    private final SortedMap<String, TrafficRouter> routers = new TreeMap<>();
    private final SortedMap<String, WorkloadController> workloads = new TreeMap<>();
    private final String usual;

    /// @param usual provider of Canaries that name none
    public Providers(Collection<TrafficRouter> routers, Collection<WorkloadController> workloads, String usual) {
        routers.forEach(router -> router.providers().forEach(name -> this.routers.put(name, router)));
        workloads.forEach(workload -> this.workloads.put(workload.kind(), workload));
        this.usual = usual;
    }

    public TrafficRouter router(Canary canary) {
        var name = Optional.ofNullable(canary.getSpec())
                .flatMap(spec -> Optional.ofNullable(spec.provider()))
                .filter(given -> !given.isEmpty())
                .orElse(usual);
        return Optional.ofNullable(routers.get(name))
                .orElseThrow(() -> new UnservableException(
                        "%s: spec.provider is \"%s\", which no traffic router serves; known: %s. Traffic stays as it is."
                                .formatted(name(canary), name, String.join(", ", routers.keySet()))));
    }

    public WorkloadController workload(Canary canary) {
        var kind = Optional.ofNullable(canary.getSpec())
                .flatMap(spec -> Optional.ofNullable(spec.targetRef()))
                .flatMap(ref -> Optional.ofNullable(ref.kind()))
                .orElse("");
        return Optional.ofNullable(workloads.get(kind))
                .orElseThrow(() -> new UnservableException(
                        "%s: spec.targetRef.kind is \"%s\", which can't be released; known: %s. Nothing is changed."
                                .formatted(name(canary), kind, String.join(", ", workloads.keySet()))));
    }

    private static String name(Canary canary) {
        return "Canary %s/%s"
                .formatted(
                        canary.getMetadata().getNamespace(),
                        canary.getMetadata().getName());
    }
}
