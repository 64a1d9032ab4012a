package dev.aviary.analyzer;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.inject.Produces;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.Liveness;
import org.eclipse.microprofile.health.Readiness;

/// Ready: it hears the log. Alive: it may yet become ready by itself.
@ApplicationScoped
public class AnalyzerHealth {
    private final Analyzer analyzer;

    public AnalyzerHealth(Analyzer analyzer) {
        this.analyzer = analyzer;
    }

    @Produces
    @Readiness
    HealthCheck ready() {
        return () -> {
            var problem = analyzer.problem();
            var response = HealthCheckResponse.named("analyzer-stream").status(problem.isEmpty());
            problem.ifPresent(why -> response.withData("why", why));
            return response.build();
        };
    }

    @Produces
    @Liveness
    HealthCheck alive() {
        return () -> HealthCheckResponse.named("analyzer-stream")
                .status(analyzer.isAlive())
                .build();
    }
}
