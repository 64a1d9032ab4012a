package dev.aviary.router;

import dev.aviary.router.traffic.FencedWriter;
import dev.aviary.router.workload.ConfigCopies;
import dev.aviary.router.workload.DeploymentController;
import dev.aviary.router.workload.LabelPrefixes;
import dev.aviary.router.workload.Scalers;
import dev.aviary.router.workload.WorkloadController;
import io.fabric8.kubernetes.client.KubernetesClient;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.inject.Produces;
import java.util.List;

/// The workload controllers that need settings.
@ApplicationScoped
public class Workloads {
    @Produces
    @ApplicationScoped
    WorkloadController deployments(
            KubernetesClient kube, FencedWriter writer, ConfigCopies configs, Scalers scalers, RouterConfig config) {
        return new DeploymentController(
                kube,
                writer,
                configs,
                scalers,
                new DeploymentController.Settings(
                        config.selectorLabels(),
                        new LabelPrefixes(config.includeLabelPrefix().orElseGet(List::of)),
                        config.configTracking()));
    }
}
