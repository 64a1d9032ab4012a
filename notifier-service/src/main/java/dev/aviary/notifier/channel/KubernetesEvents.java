package dev.aviary.notifier.channel;

import dev.aviary.eventlog.codec.EventIds;
import dev.aviary.notifier.alert.Delivery;
import dev.aviary.notifier.alert.Message;
import io.fabric8.kubernetes.api.model.EventBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.temporal.ChronoUnit;

/// Writes Kubernetes Events itself: the usual recorder merges or drops what comes often, and a long rollout would lose
/// its trail. The name is derived from what is told, so a repeat is no second event.
///
/// @see <a href="https://github.com/fluxcd/flagger/issues/393">fluxcd/flagger#393</a>
@ApplicationScoped
public class KubernetesEvents {
    static final String COMPONENT = "aviary";
    /// The API server refuses longer ones in `events.k8s.io`.
    private static final int LONGEST = 1024;

    private static final int NAME_PREFIX = 200;

    private final KubernetesClient kubernetes;

    public KubernetesEvents(KubernetesClient kubernetes) {
        this.kubernetes = kubernetes;
    }

    public Outcome write(Delivery delivery, Message.ToKubernetes message) {
        var canary = delivery.canary();
        var at = delivery.at().truncatedTo(ChronoUnit.SECONDS).toString();
        var text = message.note().text();
        var event = new EventBuilder()
                .withNewMetadata()
                .withNamespace(canary.namespace())
                .withName(canary.name()
                                .substring(
                                        0, Math.min(NAME_PREFIX, canary.name().length()))
                        + "."
                        + EventIds.content(delivery.id()))
                .endMetadata()
                .withNewInvolvedObject()
                .withApiVersion("flagger.app/v1beta1")
                .withKind("Canary")
                .withNamespace(canary.namespace())
                .withName(canary.name())
                .withUid(message.uid())
                .endInvolvedObject()
                .withReason(message.reason())
                .withMessage(text.length() <= LONGEST ? text : text.substring(0, LONGEST - 1) + "…")
                .withType(message.note().type())
                .withFirstTimestamp(at)
                .withLastTimestamp(at)
                .withCount(1)
                .withNewSource()
                .withComponent(COMPONENT)
                .endSource()
                .withReportingComponent(COMPONENT)
                .build();
        try {
            kubernetes
                    .v1()
                    .events()
                    .inNamespace(canary.namespace())
                    .resource(event)
                    .create();
            return new Outcome.Accepted();
        } catch (KubernetesClientException e) {
            return judged(e);
        }
    }

    private static Outcome judged(KubernetesClientException failed) {
        return switch (failed.getCode()) {
            case 409 -> new Outcome.Accepted(); // our own, written before
            case 400, 404, 422 -> new Outcome.Refused("the API server refuses the event: " + failed.getCode());
            default -> new Outcome.Away("the API server doesn't take the event: " + failed.getCode());
        };
    }
}
