package dev.aviary.notifier.hook;

import dev.aviary.notifier.alert.Delivery;
import dev.aviary.notifier.alert.Message;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/// What a webhook gets, as Flagger writes it.
///
/// @param checksum of what is rolled out
/// @param metadata the team's own; of an `event` webhook also `eventMessage`, `eventType` and `timestamp`, which it
/// can't
///                 override
/// @see <a href="https://docs.flagger.app/usage/webhooks">Flagger: webhooks</a>
public record HookPayload(
        String name, String namespace, String phase, String checksum, SortedMap<String, String> metadata) {
    static HookPayload of(Delivery delivery, Message.ToHook hook, Map<String, String> own) {
        var metadata = new TreeMap<>(own);
        if (hook.event()) {
            metadata.put("eventMessage", hook.note().text());
            metadata.put("eventType", hook.note().type());
            metadata.put("timestamp", Long.toString(delivery.at().toEpochMilli()));
        }
        var canary = delivery.canary();
        return new HookPayload(canary.name(), canary.namespace(), hook.phase(), hook.checksum(), metadata);
    }
}
