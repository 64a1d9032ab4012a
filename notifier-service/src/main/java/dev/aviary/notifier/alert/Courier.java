package dev.aviary.notifier.alert;

import dev.aviary.eventlog.LoggedEvent;
import dev.aviary.eventlog.codec.EventIds;
import dev.aviary.events.AlertDelivered;
import dev.aviary.events.AlertFailed;
import dev.aviary.notifier.NotifierMetrics;
import dev.aviary.notifier.channel.Outcome;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.jboss.logging.Logger;

/// One message, one try: then it is done, given up, or put back to wait. Several at once, of each receiver one at a
/// time; so one that is away holds up nobody else.
public final class Courier {
    private static final Logger LOG = Logger.getLogger(Courier.class);
    private static final int REMEMBERED = 20_000;

    /// Speaks to the receiver of a message. May block for some seconds.
    public interface Dispatch {
        Outcome send(Delivery delivery);
    }

    /// What the courier leaves behind; it is an [Outbox] when live.
    public interface Desk {
        void send(java.util.List<Delivery> all);

        void retry(Delivery delivery);

        void say(dev.aviary.events.CanaryKey canary, LoggedEvent fact);
    }

    /// Lets time pass; in a test, it turns the clock.
    public interface Wait {
        void until(Instant due);
    }

    /// @param first       from the first try to the second, then twice as long each time
    /// @param most        the longest between two tries
    /// @param giveUpAfter age at which a message is given up
    public record Patience(Duration first, Duration most, Duration giveUpAfter) {
        Duration after(int tries) {
            var pause = first.multipliedBy(1L << Math.min(tries - 1, 16));
            return pause.compareTo(most) < 0 ? pause : most;
        }
    }

    private final Dispatch dispatch;
    private final Desk desk;
    private final Patience patience;
    private final Turns turns;
    private final Clock clock;
    private final Wait wait;
    private final NotifierMetrics metrics;
    private final Set<String> done = Collections.synchronizedSet(Collections.newSetFromMap(new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Boolean> eldest) {
            return size() > REMEMBERED;
        }
    }));

    public Courier(
            Dispatch dispatch,
            Desk desk,
            Patience patience,
            Turns turns,
            Clock clock,
            Wait wait,
            NotifierMetrics metrics) {
        this.dispatch = dispatch;
        this.desk = desk;
        this.patience = patience;
        this.turns = turns;
        this.clock = clock;
        this.wait = wait;
        this.metrics = metrics;
    }

    public void deliver(Delivery delivery) {
        delivery.notBefore().filter(due -> clock.instant().isBefore(due)).ifPresent(wait::until);
        boolean had = turns.with(delivery.message().receiver(), () -> deliverNow(delivery));
        if (!had) {
            desk.retry(delivery.postponed(clock.instant().plus(patience.first())));
        }
    }

    private void deliverNow(Delivery delivery) {
        if (done.contains(delivery.id())) {
            return;
        }
        switch (dispatch.send(delivery)) {
            case Outcome.Accepted _ -> accepted(delivery);
            case Outcome.Refused(var why) -> giveUp(delivery, why);
            case Outcome.Away(var why) when tooOld(delivery) -> giveUp(delivery, why);
            case Outcome.Away(var why) -> again(delivery, why);
        }
    }

    private boolean tooOld(Delivery delivery) {
        return !clock.instant().isBefore(delivery.at().plus(patience.giveUpAfter()));
    }

    private void accepted(Delivery delivery) {
        done.add(delivery.id());
        metrics.accepted(delivery, Duration.between(delivery.at(), clock.instant()));
        LOG.debugf("%s told receiver=%s tries=%d", delivery.canary(), receiver(delivery), delivery.tries() + 1);
        switch (delivery.message()) {
            case Message.ToChannel(var provider, var _) ->
                say(delivery, new AlertDelivered(delivery.event(), provider, delivery.tries() + 1));
            case Message.ToHook hook
            when !hook.event() -> note(delivery, Note.info("Post-rollout check %s passed".formatted(hook.hook())));
            case Message.ToHook _, Message.ToKubernetes _ -> {}
        }
    }

    private void again(Delivery delivery, String why) {
        int tries = delivery.tries() + 1;
        var pause = patience.after(tries);
        metrics.tried(delivery, "away");
        LOG.debugf(
                "%s not told receiver=%s tries=%d next=%ds reason=\"%s\"",
                delivery.canary(), receiver(delivery), tries, pause.toSeconds(), why);
        desk.retry(delivery.again(clock.instant().plus(pause)));
    }

    private void giveUp(Delivery delivery, String why) {
        int tries = delivery.tries() + 1;
        metrics.tried(delivery, "given-up");
        LOG.warnf(
                "%s telling given up receiver=%s tries=%d reason=\"%s\"",
                delivery.canary(), receiver(delivery), tries, why);
        switch (delivery.message()) {
            case Message.ToChannel(var provider, var _) ->
                say(delivery, new AlertFailed(delivery.event(), provider, tries, why));
            case Message.ToHook hook
            when !hook.event() ->
                note(delivery, Note.warning("Post-rollout hook %s failed: %s".formatted(hook.hook(), why)));
            case Message.ToHook _, Message.ToKubernetes _ -> {}
        }
    }

    private void say(Delivery delivery, dev.aviary.events.NotifierEvent event) {
        var id = EventIds.observed(delivery.canary(), event.getClass(), EventIds.content(delivery.id()));
        desk.say(delivery.canary(), LoggedEvent.fact(id, event));
    }

    private void note(Delivery delivery, Note note) {
        if (delivery.message() instanceof Message.ToHook hook) {
            hook.uid()
                    .ifPresent(uid -> desk.send(java.util.List.of(Delivery.first(
                            delivery.canary(),
                            delivery.id(),
                            clock.instant(),
                            new Message.ToKubernetes(delivery.canary().namespace(), uid, hook.phase(), note),
                            0))));
        }
    }

    private static String receiver(Delivery delivery) {
        return delivery.message().receiver();
    }
}
