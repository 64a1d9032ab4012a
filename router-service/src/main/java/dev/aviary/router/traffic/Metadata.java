package dev.aviary.router.traffic;

import dev.aviary.flagger.CanaryService;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// What a Canary wants its generated objects to carry.
public final class Metadata {
    private Metadata() {}

    public static Map<String, String> labels(CanaryService.@Nullable Metadata wanted) {
        return Optional.ofNullable(wanted).map(CanaryService.Metadata::labels).orElseGet(Map::of);
    }

    public static Map<String, String> annotations(CanaryService.@Nullable Metadata wanted) {
        return Optional.ofNullable(wanted)
                .map(CanaryService.Metadata::annotations)
                .orElseGet(Map::of);
    }
}
