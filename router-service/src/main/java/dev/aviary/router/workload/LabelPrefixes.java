package dev.aviary.router.workload;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// Which of the target's labels its primary inherits.
///
/// @param prefixes `*` stands for all
/// @see <a href="https://docs.flagger.app/usage/how-it-works#canary-service">Flagger: include-label-prefix</a>
public record LabelPrefixes(List<String> prefixes) {
    Map<String, String> of(@Nullable Map<String, String> labels) {
        var kept = new TreeMap<String, String>();
        if (labels != null) {
            labels.forEach((key, value) -> {
                if (prefixes.stream().anyMatch(prefix -> prefix.equals("*") || key.startsWith(prefix))) {
                    kept.put(key, value);
                }
            });
        }
        return kept;
    }
}
