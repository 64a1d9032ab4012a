package dev.aviary.notifier.channel;

import dev.aviary.notifier.alert.Courier;
import dev.aviary.notifier.alert.Delivery;
import dev.aviary.notifier.alert.Message;
import dev.aviary.notifier.hook.HookCaller;
import io.quarkus.arc.All;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;

/// Hands a message to who speaks its receiver's language.
@ApplicationScoped
public class Dispatcher implements Courier.Dispatch {
    private final Map<String, AlertChannel> channels;
    private final Receivers receivers;
    private final KubernetesEvents events;
    private final HookCaller hooks;

    public Dispatcher(
            @All List<AlertChannel> channels, Receivers receivers, KubernetesEvents events, HookCaller hooks) {
        this.channels = channels.stream()
                .collect(Collectors.toMap(AlertChannel::type, Function.identity(), (one, _) -> one, TreeMap::new));
        this.receivers = receivers;
        this.events = events;
        this.hooks = hooks;
    }

    @Override
    public Outcome send(Delivery delivery) {
        return switch (delivery.message()) {
            case Message.ToChannel alert -> send(delivery, alert);
            case Message.ToKubernetes event -> events.write(delivery, event);
            case Message.ToHook hook -> hooks.call(delivery, hook);
        };
    }

    private Outcome send(Delivery delivery, Message.ToChannel message) {
        return switch (receivers.find(message.provider())) {
            case Receivers.Missing(var why) -> new Outcome.Away(why);
            case Receivers.Found(var receiver) ->
                Optional.ofNullable(channels.get(receiver.type()))
                        .map(channel -> channel.deliver(receiver, told(delivery, message)))
                        .orElseGet(() -> new Outcome.Refused("AlertProvider %s is of type %s; known: %s"
                                .formatted(message.provider(), receiver.type(), String.join(", ", channels.keySet()))));
        };
    }

    private static AlertChannel.Told told(Delivery delivery, Message.ToChannel message) {
        var canary = delivery.canary();
        return new AlertChannel.Told(
                delivery.id(), canary.cluster(), canary.namespace(), canary.name(), delivery.at(), message.alert());
    }
}
