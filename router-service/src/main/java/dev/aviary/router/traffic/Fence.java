package dev.aviary.router.traffic;

import io.fabric8.kubernetes.api.model.HasMetadata;
import java.util.Map;
import java.util.Optional;

/// What a write must hold to be let through: the `seq` of the decision that wants it. `seq` counts the router's
/// decisions for one canary and never restarts, so one `seq` stands for one weight.
public record Fence(long seq) {
    public static final String ANNOTATION = "aviary.dev/seq";

    /// @return the largest `seq` that an object was written with; 0 if it never was, or by a hand that broke it
    public static long of(HasMetadata object) {
        return Optional.ofNullable(object.getMetadata().getAnnotations())
                .map((Map<String, String> all) -> all.get(ANNOTATION))
                .filter(seq -> seq.matches("[0-9]{1,18}"))
                .map(Long::parseLong)
                .orElse(0L);
    }
}
