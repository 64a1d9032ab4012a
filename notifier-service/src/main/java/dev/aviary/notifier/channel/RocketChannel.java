package dev.aviary.notifier.channel;

import jakarta.enterprise.context.ApplicationScoped;
import java.util.Map;

/// Rocket.Chat takes Slack's body, with colours of its own.
@ApplicationScoped
public class RocketChannel implements AlertChannel {
    private final Poster poster;

    public RocketChannel(Poster poster) {
        this.poster = poster;
    }

    @Override
    public String type() {
        return "rocket";
    }

    @Override
    public Outcome deliver(Receiver receiver, Told told) {
        return poster.post(receiver, Map.of(), SlackBody.of(receiver, told, "#0076D7", "#FF0000"));
    }
}
