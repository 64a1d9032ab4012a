package dev.aviary.router.traffic;

import dev.aviary.events.Percent;
import dev.aviary.flagger.Canary;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.Resource;
import io.fabric8.kubernetes.client.dsl.base.ResourceDefinitionContext;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;

/// Istio: a `VirtualService` with two weighted destinations and a `DestinationRule` for each, the objects that Flagger
/// makes. Istio's own Java model isn't needed for three fields: they are written as the maps that they are.
///
/// @see <a href="https://github.com/fluxcd/flagger/blob/main/pkg/router/istio.go">Flagger's router</a>
@ApplicationScoped
public class IstioTrafficRouter implements TrafficRouter {
    private static final ResourceDefinitionContext VIRTUAL_SERVICE = context("VirtualService", "virtualservices");
    private static final ResourceDefinitionContext DESTINATION_RULE = context("DestinationRule", "destinationrules");

    private final KubernetesClient kube;
    private final FencedWriter writer;

    public IstioTrafficRouter(KubernetesClient kube, FencedWriter writer) {
        this.kube = kube;
        this.writer = writer;
    }

    @Override
    public Set<String> providers() {
        return Set.of("istio");
    }

    @Override
    public Standing shift(Canary canary, Split split, Fence fence) {
        var apex = Apex.of(canary);
        var spec = IstioSpecs.virtualService(apex, split);
        destinationRule(canary, apex, apex.canary(), fence);
        destinationRule(canary, apex, apex.primary(), fence);
        var written = writer.write(
                virtualService(apex), fence, found -> standing(apex, found).exposure(), found -> {
                    var wanted = bare("VirtualService");
                    wanted.setMetadata(metadata(canary, apex, found));
                    found.ifPresent(
                            there -> wanted.setAdditionalProperties(new HashMap<>(there.getAdditionalProperties())));
                    wanted.setAdditionalProperty("spec", spec);
                    return wanted;
                });
        return standing(apex, written);
    }

    @Override
    public Optional<Standing> read(Canary canary) {
        var apex = Apex.of(canary);
        return Optional.ofNullable(virtualService(apex).get()).map(found -> standing(apex, found));
    }

    @Override
    public void restore(Canary canary, Fence fence) {
        var apex = Apex.of(canary);
        var found = Optional.ofNullable(virtualService(apex).get());
        if (found.isEmpty() || Owned.by(canary, found.get())) {
            return; // goes with its Canary
        }
        Owned.original(found.get(), Map.class)
                .ifPresent(before -> writer.write(virtualService(apex), fence, _ -> 0, there -> {
                    var wanted = bare("VirtualService");
                    wanted.setMetadata(Owned.forgotten(there.orElseThrow().getMetadata()));
                    wanted.setAdditionalProperty("spec", before);
                    return wanted;
                }));
    }

    @Override
    public AutoCloseable watch(Optional<String> namespace, Consumer<OwnedBy> changed) {
        return Watching.of(kube.genericKubernetesResources(VIRTUAL_SERVICE), namespace, changed);
    }

    private void destinationRule(Canary canary, Apex apex, String host, Fence fence) {
        var spec = IstioSpecs.destinationRule(apex, host);
        var at = kube.genericKubernetesResources(DESTINATION_RULE)
                .inNamespace(apex.namespace())
                .withName(host);
        writer.keep(at, fence, found -> {
            var wanted = bare("DestinationRule");
            wanted.setMetadata(found.map(GenericKubernetesResource::getMetadata)
                    .orElseGet(() -> Owned.metadata(canary, host, Map.of(), Map.of())));
            wanted.setAdditionalProperty("spec", spec);
            return wanted;
        });
    }

    private Resource<GenericKubernetesResource> virtualService(Apex apex) {
        return kube.genericKubernetesResources(VIRTUAL_SERVICE)
                .inNamespace(apex.namespace())
                .withName(apex.name());
    }

    private static ObjectMeta metadata(Canary canary, Apex apex, Optional<GenericKubernetesResource> found) {
        var labels = Metadata.labels(apex.service().apex());
        var annotations = Metadata.annotations(apex.service().apex());
        return found.map(there -> Owned.remembering(
                        canary,
                        there,
                        Owned.metadata(there.getMetadata(), labels, annotations),
                        there.getAdditionalProperties().getOrDefault("spec", Map.of())))
                .orElseGet(() -> Owned.metadata(canary, apex.name(), labels, annotations));
    }

    private static Standing standing(Apex apex, GenericKubernetesResource service) {
        var spec = map(service.getAdditionalProperties().get("spec"));
        var rules = Stream.of("http", "tcp")
                .flatMap(protocol -> list(spec.get(protocol)).stream())
                .toList();
        var canary = rules.stream()
                .map(rule -> share(rule, apex.canary()))
                .reduce(Percent.ZERO, (one, other) -> other.isAbove(one) ? other : one);
        boolean toPrimaryOnly =
                rules.stream().anyMatch(rule -> share(rule, apex.canary()).equals(Percent.ZERO));
        var mirror = rules.stream()
                .filter(rule -> apex.canary().equals(map(rule.get("mirror")).get("host")))
                .map(rule -> map(rule.get("mirrorPercentage")).get("value"))
                .map(value -> value instanceof Number percent
                        ? new Percent((int) Math.round(percent.doubleValue() * 100))
                        : Percent.ALL)
                .findFirst()
                .orElse(Percent.ZERO);
        return Standing.of(service, canary, mirror, toPrimaryOnly && !canary.equals(Percent.ZERO));
    }

    /// A single destination without a weight has everything.
    private static Percent share(Map<String, Object> rule, String host) {
        var routes = list(rule.get("route"));
        long all = routes.stream().mapToLong(IstioTrafficRouter::weight).sum();
        long ours = routes.stream()
                .filter(route -> host.equals(map(route.get("destination")).get("host")))
                .mapToLong(IstioTrafficRouter::weight)
                .sum();
        if (all == 0) {
            boolean alone = routes.size() == 1
                    && host.equals(map(routes.getFirst().get("destination")).get("host"));
            return alone ? Percent.ALL : Percent.ZERO;
        }
        return new Percent((int) (ours * 100_00 / all));
    }

    private static long weight(Map<String, Object> route) {
        return route.get("weight") instanceof Number weight ? weight.longValue() : 0;
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> map(@org.jspecify.annotations.Nullable Object value) {
        return value instanceof Map<?, ?> found ? (Map<String, Object>) found : Map.of();
    }

    private static List<Map<String, Object>> list(@org.jspecify.annotations.Nullable Object value) {
        return value instanceof List<?> found
                ? found.stream().map(IstioTrafficRouter::map).toList()
                : List.of();
    }

    private static GenericKubernetesResource bare(String kind) {
        var resource = new GenericKubernetesResource();
        resource.setApiVersion("networking.istio.io/v1beta1");
        resource.setKind(kind);
        resource.setAdditionalProperties(new LinkedHashMap<>());
        return resource;
    }

    private static ResourceDefinitionContext context(String kind, String plural) {
        return new ResourceDefinitionContext.Builder()
                .withGroup("networking.istio.io")
                .withVersion("v1beta1")
                .withKind(kind)
                .withPlural(plural)
                .withNamespaced(true)
                .build();
    }
}
