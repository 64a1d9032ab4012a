package dev.aviary.notifier.alert;

import dev.aviary.events.WireType;
import java.util.Optional;

/// What one receiver is to get. It names the receiver; address, token, URL and metadata are read from the live object.
public sealed interface Message {
    /// Names the receiver: the record's key, one queue each.
    String receiver();

    /// @param provider `namespace/name` of the AlertProvider, or `settings/slack`, `settings/webhook`
    @WireType("alert")
    record ToChannel(String provider, Alert alert) implements Message {
        @Override
        public String receiver() {
            return provider;
        }
    }

    /// A Kubernetes Event.
    ///
    /// @param uid    of the Canary
    /// @param reason one word
    @WireType("kubernetes-event")
    record ToKubernetes(String namespace, String uid, String reason, Note note) implements Message {
        @Override
        public String receiver() {
            return "kubernetes/" + namespace;
        }
    }

    /// A webhook of the Canary's.
    ///
    /// @param owner    `namespace/name` of the Canary, or `settings`
    /// @param hook     its name
    /// @param uid      of the Canary
    /// @param phase    of the Canary, as Flagger calls it
    /// @param checksum of what is rolled out
    /// @param strict   whether the canary is treated as Flagger would; empty of an older notifier, which didn't say
    /// @param note     of an `event` webhook; of the others a note that isn't sent
    @WireType("hook")
    record ToHook(
            String owner,
            String hook,
            boolean event,
            Optional<String> uid,
            String phase,
            String checksum,
            Optional<Boolean> strict,
            Note note)
            implements Message {
        @Override
        public String receiver() {
            return "hook/" + owner + "/" + hook;
        }
    }
}
