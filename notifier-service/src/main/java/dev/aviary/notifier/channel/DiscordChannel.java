package dev.aviary.notifier.channel;

import jakarta.enterprise.context.ApplicationScoped;
import java.util.Map;

/// Discord takes Slack's body behind the path `/slack`.
///
/// @see <a href="https://discord.com/developers/docs/resources/webhook#execute-slackcompatible-webhook">Discord:
/// webhooks</a>
@ApplicationScoped
public class DiscordChannel implements AlertChannel {
    private final Poster poster;

    public DiscordChannel(Poster poster) {
        this.poster = poster;
    }

    @Override
    public String type() {
        return "discord";
    }

    @Override
    public Outcome deliver(Receiver receiver, Told told) {
        return poster.post(slackPath(receiver), Map.of(), SlackBody.of(receiver, told, "good", "danger"));
    }

    private static Receiver slackPath(Receiver receiver) {
        var address = receiver.address();
        int query = address.indexOf('?');
        var path = query < 0 ? address : address.substring(0, query);
        if (path.endsWith("/slack")) {
            return receiver;
        }
        var longer =
                (path.endsWith("/") ? path + "slack" : path + "/slack") + (query < 0 ? "" : address.substring(query));
        return new Receiver(
                receiver.type(), longer, receiver.channel(), receiver.username(), receiver.proxy(), receiver.token());
    }
}
