package dev.aviary.eventlog.codec;

import dev.aviary.events.CanaryKey;
import dev.aviary.events.RolloutEvent;
import dev.aviary.events.RolloutId;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/// Ids are derived from what they name, never drawn: who sends again sends the same one, and who knows it drops it.
public final class EventIds {
    private EventIds() {}

    /// Of a router's decision: `eu/shop/checkout/8`.
    public static String decision(CanaryKey key, long seq) {
        return key + "/" + seq;
    }

    /// Of what came of a decision: `eu/shop/checkout/8/traffic-shifted.v1`. Where one decision has several
    /// outcomes of a type, they differ in content: see [#content].
    public static String outcome(CanaryKey key, long seq, Class<? extends RolloutEvent> type) {
        return "%s/%d/%s".formatted(key, seq, WireTypes.of(type));
    }

    /// Of what the analysis says about a look: `eu/shop/checkout/3-v1:9f2c/0/14/check-completed.v1`.
    public static String look(
            CanaryKey key, RolloutId rollout, int step, int look, Class<? extends RolloutEvent> type) {
        return "%s/%s/%d/%d/%s".formatted(key, rollout, step, look, WireTypes.of(type));
    }

    /// Of what was found so: `eu/shop/checkout/canary-applied.v1/<hash>`. The hash is of whatever makes it another
    /// fact, such as the event's [#content] and the object's resource version.
    public static String observed(CanaryKey key, Class<? extends RolloutEvent> type, String hash) {
        return "%s/%s/%s".formatted(key, WireTypes.of(type), hash);
    }

    /// Hash over the parts as JSON, 16 hex digits.
    public static String content(Object... parts) {
        try {
            var json = Json.mapper().writeValueAsString(parts).getBytes(StandardCharsets.UTF_8);
            var digest = MessageDigest.getInstance("SHA-256").digest(json);
            return HexFormat.of().formatHex(digest, 0, 8);
        } catch (com.fasterxml.jackson.core.JsonProcessingException e) {
            throw new IllegalArgumentException("parts of an id must be JSON: " + Json.why(e), e);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
