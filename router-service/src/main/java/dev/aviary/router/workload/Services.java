package dev.aviary.router.workload;

import dev.aviary.flagger.Canary;
import dev.aviary.flagger.CanaryService;
import dev.aviary.router.traffic.Apex;
import dev.aviary.router.traffic.Fence;
import dev.aviary.router.traffic.FencedWriter;
import dev.aviary.router.traffic.Metadata;
import dev.aviary.router.traffic.Owned;
import io.fabric8.kubernetes.api.model.IntOrString;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServiceBuilder;
import io.fabric8.kubernetes.api.model.ServicePort;
import io.fabric8.kubernetes.api.model.ServicePortBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.ServiceResource;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// The three Services: `<apex>` for the clients, `<apex>-primary` and `<apex>-canary` for the route.
///
/// @see <a href="https://github.com/fluxcd/flagger/blob/main/pkg/router/kubernetes_default.go">Flagger's Services</a>
@ApplicationScoped
public class Services {
    private final KubernetesClient kube;
    private final FencedWriter writer;

    public Services(KubernetesClient kube, FencedWriter writer) {
        this.kube = kube;
        this.writer = writer;
    }

    /// `<apex>-primary` and `<apex>-canary`; live traffic goes on as it did.
    public void writeSides(Canary canary, WorkloadController.Pods pods, Fence fence) {
        var apex = Apex.of(canary);
        write(canary, apex, apex.canary(), pods, pods.value(), apex.service().canary(), fence);
        write(canary, apex, apex.primary(), pods, pods.primary(), apex.service().primary(), fence);
    }

    /// `<apex>` leads to the primary.
    public void leadToPrimary(Canary canary, WorkloadController.Pods pods, Fence fence) {
        var apex = Apex.of(canary);
        write(canary, apex, apex.name(), pods, pods.primary(), apex.service().apex(), fence);
    }

    public boolean leadsToPrimary(Canary canary, WorkloadController.Pods pods) {
        var apex = Apex.of(canary);
        return Optional.ofNullable(at(apex, apex.name()).get())
                .map(service -> service.getSpec().getSelector())
                .filter(selector -> pods.primary().equals(selector.get(pods.label())))
                .isPresent();
    }

    /// `<apex>` leads to the target again, if it is to stay: what was made for the Canary goes with it.
    public void leadToTarget(Canary canary, WorkloadController.Pods pods, Fence fence) {
        var apex = Apex.of(canary);
        var found = Optional.ofNullable(at(apex, apex.name()).get());
        if (found.isEmpty() || Owned.by(canary, found.get())) {
            return;
        }
        writer.write(
                at(apex, apex.name()),
                fence,
                _ -> 0,
                there -> new ServiceBuilder(there.orElseThrow())
                        .editMetadata()
                        .removeFromAnnotations(Owned.HANDS_OFF)
                        .endMetadata()
                        .editSpec()
                        .withSelector(Map.of(pods.label(), pods.value()))
                        .endSpec()
                        .build());
    }

    private void write(
            Canary canary,
            Apex apex,
            String name,
            WorkloadController.Pods pods,
            String value,
            CanaryService.@Nullable Metadata wanted,
            Fence fence) {
        writer.keep(at(apex, name), fence, found -> {
            var wantedLabels = new TreeMap<>(Metadata.labels(wanted));
            wantedLabels.put(pods.label(), name.equals(apex.name()) ? pods.value() : value);
            var service = new ServiceBuilder(found.orElseGet(Service::new))
                    .withMetadata(metadata(canary, apex, name, wantedLabels, wanted, found))
                    .editOrNewSpec()
                    .withSelector(Map.of(pods.label(), value))
                    .withPorts(ports(apex, pods, found))
                    .endSpec();
            if (found.isEmpty()) {
                service.editSpec()
                        .withType("ClusterIP")
                        .withClusterIP(Boolean.TRUE.equals(apex.service().headless()) ? "None" : null)
                        .endSpec();
            }
            if (apex.service().trafficDistribution() != null) {
                service.editSpec()
                        .withTrafficDistribution(apex.service().trafficDistribution())
                        .endSpec();
            }
            return service.build();
        });
    }

    private static ObjectMeta metadata(
            Canary canary,
            Apex apex,
            String name,
            Map<String, String> labels,
            CanaryService.@Nullable Metadata wanted,
            Optional<Service> found) {
        var annotations = Metadata.annotations(wanted);
        if (found.isEmpty()) {
            return Owned.metadata(canary, name, labels, annotations);
        }
        var there = found.get().getMetadata();
        if (!Owned.by(canary, found.get())) { // somebody else's: only what is needed
            return Owned.metadata(there, Map.of(), Map.of());
        }
        var unmanaged = Optional.ofNullable(apex.service().unmanagedMetadata());
        return new ObjectMetaBuilder(there)
                .withLabels(onlyWanted(
                        there.getLabels(),
                        labels,
                        unmanaged.map(CanaryService.UnmanagedMetadata::labels).orElseGet(List::of)))
                .withAnnotations(onlyWanted(
                        there.getAnnotations(),
                        withHandsOff(annotations),
                        withFence(unmanaged
                                .map(CanaryService.UnmanagedMetadata::annotations)
                                .orElseGet(List::of))))
                .build();
    }

    private static Map<String, String> withHandsOff(Map<String, String> annotations) {
        var all = new TreeMap<>(annotations);
        all.putAll(Owned.HANDS_OFF);
        return all;
    }

    private static List<String> withFence(List<String> unmanaged) {
        var all = new ArrayList<>(unmanaged);
        all.add(Fence.ANNOTATION);
        return all;
    }

    /// What nobody asked for goes, except what is to be left alone.
    private static Map<String, String> onlyWanted(
            @Nullable Map<String, String> found, Map<String, String> wanted, List<String> unmanaged) {
        var all = new TreeMap<>(found == null ? Map.of() : found);
        all.keySet().removeIf(key -> !unmanaged.contains(key));
        all.putAll(wanted);
        return all;
    }

    private static List<ServicePort> ports(Apex apex, WorkloadController.Pods pods, Optional<Service> found) {
        var service = apex.service();
        var ports = new ArrayList<ServicePort>();
        ports.add(new ServicePortBuilder()
                .withName(Optional.ofNullable(service.portName()).orElse("http"))
                .withProtocol("TCP")
                .withPort(apex.port())
                .withTargetPort(targetPort(apex))
                .withAppProtocol(service.appProtocol())
                .withNodePort(nodePort(found, apex.port()))
                .build());
        pods.ports().stream()
                .filter(port -> port.port() != apex.port())
                .map(port -> new ServicePortBuilder()
                        .withName(port.name())
                        .withProtocol("TCP")
                        .withPort(port.port())
                        .withTargetPort(new IntOrString(port.port()))
                        .withNodePort(nodePort(found, port.port()))
                        .build())
                .forEach(ports::add);
        return ports;
    }

    private static IntOrString targetPort(Apex apex) {
        return Optional.ofNullable(apex.service().targetPort())
                .filter(port ->
                        !"0".equals(port.getStrVal()) && !Integer.valueOf(0).equals(port.getIntVal()))
                .orElseGet(() -> new IntOrString(apex.port()));
    }

    private static @Nullable Integer nodePort(Optional<Service> found, int port) {
        return found.stream()
                .flatMap(service -> service.getSpec().getPorts().stream())
                .filter(there -> there.getPort() == port && there.getNodePort() != null)
                .map(ServicePort::getNodePort)
                .findFirst()
                .orElse(null);
    }

    private ServiceResource<Service> at(Apex apex, String name) {
        return kube.services().inNamespace(apex.namespace()).withName(name);
    }
}
