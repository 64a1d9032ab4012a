package dev.aviary.router.traffic;

import dev.aviary.flagger.Canary;
import dev.aviary.flagger.CanaryService;
import java.util.Optional;

/// The names that everything about a Canary's traffic derives from.
///
/// @param service as in the Canary
public record Apex(String namespace, String canaryName, String name, CanaryService service) {
    /// @throws UnservableException if the Canary names no target or service
    public static Apex of(Canary canary) {
        var where =
                canary.getMetadata().getNamespace() + "/" + canary.getMetadata().getName();
        var spec = Optional.ofNullable(canary.getSpec());
        var service = spec.flatMap(given -> Optional.ofNullable(given.service()))
                .orElseThrow(() -> new UnservableException(
                        "Canary %s: spec.service is missing; name at least its port.".formatted(where)));
        var name = Optional.ofNullable(service.name())
                .filter(given -> !given.isEmpty())
                .or(() -> spec.flatMap(given -> Optional.ofNullable(given.targetRef()))
                        .flatMap(target -> Optional.ofNullable(target.name())))
                .orElseThrow(
                        () -> new UnservableException("Canary %s: spec.targetRef.name is missing.".formatted(where)));
        return new Apex(
                canary.getMetadata().getNamespace(), canary.getMetadata().getName(), name, service);
    }

    public String primary() {
        return name + "-primary";
    }

    public String canary() {
        return name + "-canary";
    }

    public int port() {
        return Optional.ofNullable(service.port())
                .map(java.math.BigDecimal::intValue)
                .orElse(80);
    }

    @Override
    public String toString() {
        return "Canary %s/%s".formatted(namespace, canaryName);
    }
}
