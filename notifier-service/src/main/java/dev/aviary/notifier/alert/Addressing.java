package dev.aviary.notifier.alert;

import dev.aviary.eventlog.LoggedEvent;
import dev.aviary.eventlog.codec.EventIds;
import dev.aviary.events.CanaryKey;
import dev.aviary.events.HookKind;
import dev.aviary.events.NotifierEvent;
import dev.aviary.events.Promoted;
import dev.aviary.events.PromotionFailed;
import dev.aviary.events.RolledBack;
import dev.aviary.events.RolloutEvent;
import dev.aviary.flagger.Canary;
import dev.aviary.flagger.CanaryAnalysis;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// Who is to hear of an event: the Canary's own receivers as it names them now, else those of the settings.
///
/// @param defaults what the settings add
public record Addressing(Defaults defaults) {
    public static final String SLACK = "settings/slack";
    public static final String WEBHOOK = "settings/webhook";
    public static final String SETTINGS = "settings";

    /// @param slack   hears what no AlertProvider does
    /// @param webhook hears every alert
    /// @param events  hears every note of Canaries without an `event` webhook
    public record Defaults(boolean slack, boolean webhook, boolean events) {}

    /// @param canary empty if it is gone: then only the settings' receivers hear of it
    /// @param known  of the canary before the event
    public List<Delivery> of(CanaryKey key, LoggedEvent logged, Instant at, Known known, Optional<Canary> canary) {
        var event = logged.event();
        var after = known.hear(event);
        var notes = Notes.of(key, event, known);
        var analysis = canary.map(Canary::getSpec).flatMap(spec -> Optional.ofNullable(spec.analysis()));
        var all = new ArrayList<Delivery>();
        Alerts.of(key, event, known)
                .ifPresent(alert -> providers(key, alert, analysis)
                        .forEach(provider -> all.add(
                                Delivery.first(key, logged.id(), at, new Message.ToChannel(provider, alert), 0))));
        var uid = canary.map(live -> live.getMetadata().getUid()).or(after::uid);
        for (int i = 0; i < notes.size(); i++) {
            int index = i;
            uid.ifPresent(of -> all.add(Delivery.first(
                    key,
                    logged.id(),
                    at,
                    new Message.ToKubernetes(key.namespace(), of, after.reason(), notes.get(index)),
                    index)));
            // What the notifier says of itself isn't sent on: a dead sink would make more of it without end.
            if (!(event instanceof NotifierEvent)) {
                eventHooks(key, analysis)
                        .forEach(hook -> all.add(Delivery.first(
                                key, logged.id(), at, hook(hook, true, uid, after, notes.get(index)), index)));
            }
        }
        if (isEnd(event)) {
            named(analysis, HookKind.POST_ROLLOUT)
                    .forEach(name -> all.add(Delivery.first(
                            key,
                            logged.id(),
                            at,
                            hook(new Hook(owner(key), name), false, uid, after, new Note(false, "")),
                            0)));
        }
        return List.copyOf(all);
    }

    private record Hook(String owner, String name) {}

    private static Message hook(Hook hook, boolean event, Optional<String> uid, Known after, Note note) {
        return new Message.ToHook(
                hook.owner(),
                hook.name(),
                event,
                uid,
                after.phase(),
                EventIds.content(after.revision()),
                Optional.of(after.strict()),
                note);
    }

    /// An alert without `severity` is for everything, as Flagger documents (and doesn't do). One with an unknown
    /// severity gets nothing: the schema refuses it.
    private List<String> providers(CanaryKey key, Alert alert, Optional<CanaryAnalysis> analysis) {
        var own = analysis.map(CanaryAnalysis::alerts).orElse(List.of());
        var wanted = own.stream()
                .filter(wish -> Severity.of(Optional.ofNullable(wish.severity()).orElse(""))
                        .filter(least -> alert.severity().reaches(least))
                        .isPresent())
                .flatMap(wish -> provider(key, wish).stream())
                .distinct();
        var slack = own.isEmpty() && defaults.slack() ? Stream.of(SLACK) : Stream.<String>empty();
        var webhook = defaults.webhook() ? Stream.of(WEBHOOK) : Stream.<String>empty();
        return Stream.of(wanted, slack, webhook).flatMap(each -> each).toList();
    }

    private static Optional<String> provider(CanaryKey key, CanaryAnalysis.Alert wish) {
        return Optional.ofNullable(wish.providerRef())
                .filter(ref -> ref.name() != null)
                .map(ref -> Optional.ofNullable(ref.namespace()).orElse(key.namespace()) + "/" + ref.name());
    }

    private List<Hook> eventHooks(CanaryKey key, Optional<CanaryAnalysis> analysis) {
        var own = named(analysis, HookKind.EVENT).stream()
                .map(name -> new Hook(owner(key), name))
                .toList();
        return own.isEmpty() && defaults.events() ? List.of(new Hook(SETTINGS, HookKind.EVENT.word())) : own;
    }

    private static List<String> named(Optional<CanaryAnalysis> analysis, HookKind kind) {
        return analysis.map(CanaryAnalysis::webhooks).orElse(List.of()).stream()
                .filter(hook -> kind.word().equals(hook.type()))
                .flatMap(hook -> Optional.ofNullable(hook.name()).stream())
                .distinct()
                .toList();
    }

    private static String owner(CanaryKey key) {
        return key.namespace() + "/" + key.name();
    }

    private static boolean isEnd(RolloutEvent event) {
        return event instanceof Promoted || event instanceof RolledBack || event instanceof PromotionFailed;
    }
}
