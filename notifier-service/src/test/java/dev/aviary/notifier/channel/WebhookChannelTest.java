package dev.aviary.notifier.channel;

import static org.assertj.core.api.Assertions.assertThat;

import dev.aviary.notifier.alert.Severity;
import java.io.IOException;
import org.junit.jupiter.api.Test;

class WebhookChannelTest extends AlertChannelContract {
    private static final String CLOUD_EVENT = """
            {
              "specversion": "1.0",
              "id": "eu/shop/checkout/8/shop/slack/0",
              "type": "dev.aviary.alert.v1",
              "source": "/aviary/eu",
              "subject": "shop/checkout",
              "time": "2026-11-23T12:00:00Z",
              "datacontenttype": "application/json",
              "data": {
                "cluster": "eu",
                "namespace": "shop",
                "canary": "checkout",
                "severity": "error",
                "text": "Failed checks threshold reached 2",
                "fields": [{"name": "Cluster", "value": "eu"}]
              }
            }""";

    @Override
    AlertChannel channel() {
        return new WebhookChannel(poster);
    }

    @Test
    void theBodyIsACloudEvent() throws IOException {
        assertThat(body(Severity.ERROR)).isEqualTo(json(CLOUD_EVENT));
        assertThat(server.last().header("Content-Type")).startsWith("application/cloudevents+json");
    }
}
