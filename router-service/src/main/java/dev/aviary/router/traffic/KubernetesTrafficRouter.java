package dev.aviary.router.traffic;

import dev.aviary.flagger.Canary;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.Optional;
import java.util.Set;

/// Kubernetes without a mesh: the apex Service selects the primary's pods, always. There is nothing to weigh, so the
/// canary is tested beside the live traffic, and then the primary is updated by its own rolling update.
///
/// @see <a href="https://docs.flagger.app/tutorials/kubernetes-blue-green">Flagger: blue/green with Kubernetes</a>
@ApplicationScoped
public class KubernetesTrafficRouter implements TrafficRouter {
    @Override
    public Set<String> providers() {
        return Set.of("kubernetes");
    }

    @Override
    public Standing shift(Canary canary, Split split, Fence fence) {
        var apex = Apex.of(canary);
        if (!split.match().isEmpty()) {
            throw new UnservableException(
                    "%s: spec.provider is kubernetes, which can't tell one request from another; leave out spec.analysis.match or take a gateway."
                            .formatted(apex));
        }
        // Without weights every split is the same; what was wanted is said so that the rollout goes on.
        return new Standing(split.canary(), split.mirror(), false, fence.seq(), "aviary-router", "");
    }

    @Override
    public Optional<Standing> read(Canary canary) {
        return Optional.empty();
    }
}
