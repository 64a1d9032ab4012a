package dev.aviary.notifier.channel;

import java.util.Optional;

/// Where an alert goes, as it stands at this moment: read just before it is used, never kept or logged.
///
/// @param type    such as `slack`
/// @param address URL; it often holds a secret
/// @param proxy   URL of an HTTP proxy
/// @param token   for services that want one beside the address
public record Receiver(
        String type, String address, String channel, String username, Optional<String> proxy, Optional<String> token) {
    /// Says nothing of what is secret.
    @Override
    public String toString() {
        return type + " channel=" + channel;
    }
}
