package dev.aviary.notifier.channel;

import dev.aviary.notifier.alert.Alert;
import dev.aviary.notifier.alert.Severity;
import java.util.List;
import java.util.Map;

/// What Slack's incoming webhooks take, and those who imitate them, exactly as Flagger writes it.
///
/// @see <a href="https://github.com/fluxcd/flagger/blob/main/pkg/notifier/slack.go">Flagger: slack</a>
final class SlackBody {
    private SlackBody() {}

    /// @param good   colour
    /// @param danger colour of errors; a warning has the good one
    static Map<String, Object> of(Receiver receiver, AlertChannel.Told told, String good, String danger) {
        var attachment = Map.of(
                "color", told.alert().severity() == Severity.ERROR ? danger : good,
                "author_name", told.canary() + "." + told.namespace(),
                "text", told.alert().text(),
                "mrkdwn_in", List.of("text"),
                "fields", told.alert().fields().stream().map(SlackBody::field).toList());
        return Map.of(
                "channel", receiver.channel(),
                "username", receiver.username(),
                "icon_url", "",
                "icon_emoji", ":rocket:",
                "attachments", List.of(attachment));
    }

    private static Map<String, Object> field(Alert.Field field) {
        return Map.of("title", field.name(), "value", field.value(), "short", false);
    }
}
