package dev.aviary.playground;

import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;

/// What `ready.json` says: flat texts and numbers that the playground itself wrote, so that no JSON library is needed.
///
/// @param values by field; process ids by the part's name
record Ready(Map<String, String> values) {
    private static final Pattern FIELD = Pattern.compile("\"([\\w-]+)\"\\s*:\\s*(?:\"([^\"]*)\"|(\\d+))");

    static Ready parse(String json) {
        var values = new TreeMap<String, String>();
        var matcher = FIELD.matcher(json);
        while (matcher.find()) {
            values.putIfAbsent(
                    matcher.group(1), Optional.ofNullable(matcher.group(2)).orElseGet(() -> matcher.group(3)));
        }
        return new Ready(values);
    }

    String text(String field) {
        return Optional.ofNullable(values.get(field))
                .orElseThrow(() -> new IllegalStateException("this playground has no " + field
                        + "; it was started with fewer parts, it has " + values.keySet()));
    }
}
