package dev.aviary.analyzer.metric;

import java.util.List;
import java.util.Map;

/// Where a metric is asked, read from the live object just before.
///
/// @param address            URL
/// @param headers            several values each
/// @param secret             decoded, by key; which keys mean what is the provider's
/// @param insecureSkipVerify any certificate will do
public record Backend(
        String address, Map<String, List<String>> headers, Map<String, String> secret, boolean insecureSkipVerify) {
    public static Backend at(String address) {
        return new Backend(address, Map.of(), Map.of(), false);
    }

    /// Without headers and secret: it may stand in a log.
    @Override
    public String toString() {
        return address;
    }
}
