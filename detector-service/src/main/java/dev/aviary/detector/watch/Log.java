package dev.aviary.detector.watch;

import dev.aviary.eventlog.LoggedEvent;
import dev.aviary.events.CanaryKey;
import java.util.Map;
import java.util.Optional;

/// The log, as the detector needs it.
interface Log {
    /// What it knows of every canary of this cluster by the detector's word.
    ///
    /// @throws org.apache.kafka.common.KafkaException if it can't be read now
    Map<CanaryKey, Said> read();

    /// Puts an event on it, behind all that was said of this canary before. Returns before it is there, and blocks
    /// while too much is on its way.
    ///
    /// @throws org.apache.kafka.common.KafkaException if it can't be written now
    void say(CanaryKey key, LoggedEvent event);

    /// Why something that was said isn't on the log, since it was last read: then nobody knows what is on it before it
    /// is read again.
    Optional<String> lost();
}
