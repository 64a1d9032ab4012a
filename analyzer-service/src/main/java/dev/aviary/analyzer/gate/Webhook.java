package dev.aviary.analyzer.gate;

import java.net.URI;
import java.time.Duration;
import java.util.Map;

/// A webhook as it stands in the live Canary. URL and metadata may hold tokens: neither goes to a log.
///
/// @param timeout         of each try
/// @param retries         after the first try
/// @param anyCertificate `disableTLS`
/// @param strict          only 200 to 202 is a yes, as in Flagger; else any 2xx
public record Webhook(
        String name,
        URI url,
        Map<String, String> metadata,
        Duration timeout,
        int retries,
        boolean anyCertificate,
        boolean strict) {
    @Override
    public String toString() {
        return "webhook " + name;
    }
}
