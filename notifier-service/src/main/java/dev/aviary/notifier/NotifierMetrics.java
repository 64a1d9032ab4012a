package dev.aviary.notifier;

import dev.aviary.notifier.alert.Delivery;
import dev.aviary.notifier.alert.Message;
import io.micrometer.core.instrument.MeterRegistry;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;

/// What the notifier says of itself to Prometheus.
///
/// - `aviary_notifier_deliveries_total{receiver, outcome}`: tries; receiver `alert`, `kubernetes` or `hook`, outcome
///   `accepted`, `away`, `given-up`
/// - `aviary_notifier_delay_seconds{receiver}`: from the event to its acceptance
@ApplicationScoped
public class NotifierMetrics {
    private final MeterRegistry registry;

    public NotifierMetrics(MeterRegistry registry) {
        this.registry = registry;
    }

    public void tried(Delivery delivery, String outcome) {
        registry.counter("aviary.notifier.deliveries", "receiver", receiver(delivery), "outcome", outcome)
                .increment();
    }

    public void accepted(Delivery delivery, Duration delay) {
        tried(delivery, "accepted");
        registry.timer("aviary.notifier.delay", "receiver", receiver(delivery)).record(delay);
    }

    private static String receiver(Delivery delivery) {
        return switch (delivery.message()) {
            case Message.ToChannel _ -> "alert";
            case Message.ToKubernetes _ -> "kubernetes";
            case Message.ToHook _ -> "hook";
        };
    }
}
