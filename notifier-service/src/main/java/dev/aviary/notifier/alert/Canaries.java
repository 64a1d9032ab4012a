package dev.aviary.notifier.alert;

import dev.aviary.events.CanaryKey;
import dev.aviary.flagger.Canary;
import java.util.Optional;

/// The Canaries as they are now, or were when the API server was last heard. Never blocks.
public interface Canaries {
    Optional<Canary> find(CanaryKey key);
}
