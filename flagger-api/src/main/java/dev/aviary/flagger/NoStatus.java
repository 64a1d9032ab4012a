package dev.aviary.flagger;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;

/// The schema has a status without fields: whatever is written is pruned.
@JsonIgnoreProperties(ignoreUnknown = true)
public record NoStatus() {}
