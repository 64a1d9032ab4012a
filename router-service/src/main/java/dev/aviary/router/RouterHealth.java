package dev.aviary.router;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.inject.Produces;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.Liveness;
import org.eclipse.microprofile.health.Readiness;

/// Ready: it hears the log. Alive: it may yet become ready by itself.
@ApplicationScoped
public class RouterHealth {
    private final Router router;

    public RouterHealth(Router router) {
        this.router = router;
    }

    @Produces
    @Readiness
    HealthCheck ready() {
        return () -> {
            var problem = router.problem();
            var response = HealthCheckResponse.named("router-stream").status(problem.isEmpty());
            problem.ifPresent(why -> response.withData("why", why));
            return response.build();
        };
    }

    @Produces
    @Liveness
    HealthCheck alive() {
        return () -> HealthCheckResponse.named("router-stream")
                .status(router.isAlive())
                .build();
    }
}
