package dev.aviary.notifier.channel;

import jakarta.enterprise.context.ApplicationScoped;
import java.util.Map;

/// Slack: an incoming webhook, or `chat.postMessage` with a bot's token.
@ApplicationScoped
public class SlackChannel implements AlertChannel {
    private final Poster poster;

    public SlackChannel(Poster poster) {
        this.poster = poster;
    }

    @Override
    public String type() {
        return "slack";
    }

    @Override
    public Outcome deliver(Receiver receiver, Told told) {
        var headers = receiver.token()
                .map(token -> Map.of("Authorization", "Bearer " + token))
                .orElse(Map.of());
        return poster.post(receiver, headers, SlackBody.of(receiver, told, "good", "danger"));
    }
}
