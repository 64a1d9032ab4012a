package dev.aviary.analyzer.gate;

import dev.aviary.analyzer.live.LiveObjects;
import dev.aviary.events.CanaryKey;
import dev.aviary.events.HookKind;
import dev.aviary.events.HookResult;
import dev.aviary.events.HookSpec;
import dev.aviary.events.RolloutId;
import dev.aviary.flagger.Canary;
import dev.aviary.flagger.CanaryAnalysis;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// A Canary's webhooks of one kind, in the order of its list. URL and metadata are those of this moment.
public final class Hooks {
    /// What a gate's webhooks say together.
    ///
    /// @param hook that decided it
    public record Word(String hook, HookAnswer answer) {}

    private final LiveObjects live;
    private final HookCaller caller;

    public Hooks(LiveObjects live, HookCaller caller) {
        this.live = live;
        this.caller = caller;
    }

    /// Calls those of a look, up to the first that fails. May block.
    public List<HookResult> look(CanaryKey canary, RolloutId rollout, List<HookSpec> hooks, boolean strict) {
        var results = new ArrayList<HookResult>();
        for (var hook : hooks) {
            var answer = call(canary, rollout, hook, strict);
            results.add(new HookResult(hook.name(), answer.isYes(), answer.isYes() ? "" : answer.why()));
            if (!answer.isYes()) {
                break;
            }
        }
        return results;
    }

    /// Asks a gate's webhooks. A gate opens if all say yes; `rollback` if any does. May block.
    ///
    /// @param hooks at least one
    public Word ask(CanaryKey canary, RolloutId rollout, List<HookSpec> hooks, boolean strict) {
        var words = new ArrayList<Word>();
        for (var hook : hooks) {
            var answer = call(canary, rollout, hook, strict);
            words.add(new Word(hook.name(), answer));
            if (answer.isYes() == (hook.kind() == HookKind.ROLLBACK)) {
                break;
            }
        }
        return words.getLast();
    }

    private HookAnswer call(CanaryKey canary, RolloutId rollout, HookSpec hook, boolean strict) {
        try {
            var object = live.canary(canary.namespace(), canary.name());
            var webhook = object.flatMap(found -> webhook(found, hook));
            if (object.isEmpty() || webhook.isEmpty()) {
                return HookAnswer.failed(
                        "it is no longer in Canary %s/%s".formatted(canary.namespace(), canary.name()));
            }
            var url = url(webhook.get());
            if (url.isEmpty()) {
                return HookAnswer.failed("its url isn't one; it begins with http:// or https://");
            }
            var metadata = webhook.get().metadata();
            var call = new Webhook(
                    hook.name(),
                    url.get(),
                    metadata,
                    hook.timeout(),
                    hook.retries(),
                    Boolean.TRUE.equals(webhook.get().disableTLS()),
                    strict);
            return caller.call(
                    call,
                    new HookPayload(
                            canary.name(),
                            canary.namespace(),
                            phase(hook.kind(), object.get()),
                            checksum(rollout),
                            metadata));
        } catch (LiveObjects.UnavailableException away) {
            return HookAnswer.failed(String.valueOf(away.getMessage()));
        }
    }

    private static Optional<CanaryAnalysis.Webhook> webhook(Canary canary, HookSpec hook) {
        return Optional.ofNullable(canary.getSpec())
                .flatMap(spec -> Optional.ofNullable(spec.analysis()))
                .map(CanaryAnalysis::webhooks)
                .stream()
                .flatMap(List::stream)
                .filter(webhook -> hook.name().equals(webhook.name()))
                .filter(webhook -> HookKind.of(
                                Optional.ofNullable(webhook.type()).orElse(""))
                        .equals(Optional.of(hook.kind())))
                .findFirst();
    }

    private static Optional<URI> url(CanaryAnalysis.Webhook webhook) {
        return Stream.ofNullable(webhook.url())
                .map(String::strip)
                .filter(text -> text.startsWith("http://") || text.startsWith("https://"))
                .flatMap(Hooks::parsed)
                .findFirst();
    }

    private static Stream<URI> parsed(String text) {
        try {
            var url = URI.create(text);
            return url.getHost() == null ? Stream.empty() : Stream.of(url);
        } catch (IllegalArgumentException notOne) {
            return Stream.empty();
        }
    }

    /// Flagger sends the phase it is in: these two are asked in several.
    private static String phase(HookKind kind, Canary canary) {
        boolean several = kind == HookKind.CONFIRM_ROLLOUT || kind == HookKind.ROLLBACK;
        return Optional.ofNullable(canary.getStatus())
                .flatMap(status -> Optional.ofNullable(status.phase()))
                .filter(phase -> several && !phase.isEmpty())
                .orElse(kind == HookKind.CONFIRM_ROLLOUT ? "Waiting" : "Progressing");
    }

    /// Of template and configs, like Flagger's; its hash depends on its build and can't be the same.
    private static String checksum(RolloutId rollout) {
        try {
            var digest = MessageDigest.getInstance("SHA-256")
                    .digest(rollout.revision().getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest, 0, 5);
        } catch (NoSuchAlgorithmException everyJdkHasIt) {
            throw new IllegalStateException(everyJdkHasIt);
        }
    }
}
