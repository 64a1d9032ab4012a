package dev.aviary.analyzer.judge;

import dev.aviary.decisions.analysis.Wanted;
import dev.aviary.events.CanaryKey;

/// Who takes the looks and asks the gates that the analysis wants. Both return at once.
public interface Collecting {
    void want(CanaryKey canary, Wanted wanted);

    /// Another instance has this canary now.
    void forget(CanaryKey canary);
}
