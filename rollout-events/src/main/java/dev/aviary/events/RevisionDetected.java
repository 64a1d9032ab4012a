package dev.aviary.events;

import java.util.List;
import java.util.Optional;
import java.util.SortedMap;

/// What the target would run has changed: its pod template, or a ConfigMap or Secret that it uses.
///
/// @param revision       `v1:` and a hash over the pod template without API defaults and the configs' checksums
/// @param sameAs         what the same content was called by an older hash; then nothing has changed
/// @param images         of the containers
/// @param changed        in words: `container app: image`, `ConfigMap checkout-config`
/// @param trackedConfigs checksum by `configmap/name` or `secret/name`
@WireType("revision-detected.v1")
public record RevisionDetected(
        String revision,
        Optional<String> sameAs,
        List<String> images,
        List<String> changed,
        SortedMap<String, String> trackedConfigs)
        implements DetectorEvent {}
