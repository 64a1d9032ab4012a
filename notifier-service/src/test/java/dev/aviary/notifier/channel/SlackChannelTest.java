package dev.aviary.notifier.channel;

import static org.assertj.core.api.Assertions.assertThat;

import dev.aviary.notifier.alert.Severity;
import java.io.IOException;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class SlackChannelTest extends AlertChannelContract {
    private static final String FLAGGERS = """
            {
              "channel": "releases",
              "username": "bird",
              "icon_url": "",
              "icon_emoji": ":rocket:",
              "attachments": [{
                "color": "danger",
                "author_name": "checkout.shop",
                "text": "Failed checks threshold reached 2",
                "mrkdwn_in": ["text"],
                "fields": [{"title": "Cluster", "value": "eu", "short": false}]
              }]
            }""";

    @Override
    AlertChannel channel() {
        return new SlackChannel(poster);
    }

    @Test
    void theBodyIsFlaggers() throws IOException {
        assertThat(body(Severity.ERROR)).isEqualTo(json(FLAGGERS));
    }

    @Test
    void onlyAnErrorIsRed() throws IOException {
        assertThat(body(Severity.WARN).at("/attachments/0/color").textValue()).isEqualTo("good");
    }

    @Test
    void aTokenGoesIntoTheHeader() {
        channel().deliver(receiver(Optional.of("xoxb-1")), told(Severity.INFO));

        assertThat(server.last().header("Authorization")).isEqualTo("Bearer xoxb-1");
    }
}
