package dev.aviary.detector;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.inject.Produces;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.Liveness;
import org.eclipse.microprofile.health.Readiness;

/// Ready: it sees the cluster and reaches the log. Alive: it may yet become ready by itself.
@ApplicationScoped
public class DetectorHealth {
    private final Detector detector;

    public DetectorHealth(Detector detector) {
        this.detector = detector;
    }

    @Produces
    @Readiness
    HealthCheck ready() {
        return () -> {
            var problem = detector.problem();
            var response = HealthCheckResponse.named("detector").status(problem.isEmpty());
            problem.ifPresent(why -> response.withData("why", why));
            return response.build();
        };
    }

    @Produces
    @Liveness
    HealthCheck alive() {
        return () ->
                HealthCheckResponse.named("detector").status(detector.isAlive()).build();
    }
}
