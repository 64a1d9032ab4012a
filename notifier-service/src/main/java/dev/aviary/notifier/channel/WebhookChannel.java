package dev.aviary.notifier.channel;

import dev.aviary.notifier.alert.Alert;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.List;
import java.util.Map;

/// Any receiver of CloudEvents 1.0, in structured mode. Flagger's schema of AlertProviders has no such type: its
/// address
/// is the notifier's setting `aviary.notifier.webhook-url`.
///
/// @see <a
/// href="https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md">CloudEvents:
/// HTTP</a>
@ApplicationScoped
public class WebhookChannel implements AlertChannel {
    /// Of what is sent; a new shape gets `.v2`.
    public static final String TYPE = "dev.aviary.alert.v1";

    private final Poster poster;

    public WebhookChannel(Poster poster) {
        this.poster = poster;
    }

    @Override
    public String type() {
        return "webhook";
    }

    @Override
    public Outcome deliver(Receiver receiver, Told told) {
        var event = new CloudEvent(
                "1.0",
                told.id(),
                TYPE,
                "/aviary/" + told.cluster(),
                told.namespace() + "/" + told.canary(),
                told.at().toString(),
                "application/json",
                new Data(
                        told.cluster(),
                        told.namespace(),
                        told.canary(),
                        told.alert().severity().word(),
                        told.alert().text(),
                        told.alert().fields()));
        return poster.post(receiver, Map.of("Content-Type", "application/cloudevents+json; charset=UTF-8"), event);
    }

    private record CloudEvent(
            String specversion,
            String id,
            String type,
            String source,
            String subject,
            String time,
            String datacontenttype,
            Data data) {}

    private record Data(
            String cluster, String namespace, String canary, String severity, String text, List<Alert.Field> fields) {}
}
