package dev.aviary.events;

import java.util.Optional;

/// Readiness of the target or the primary changed.
///
/// @param revision that its pods are to run: the target's by its template and configs, the primary's by the
///                 annotation that the router wrote with the template; empty if unknown
/// @param replicas all zero if the workload doesn't exist
/// @param stuck    why a pod doesn't become ready, in the kubelet's words
@WireType("workload-changed.v1")
public record WorkloadChanged(
        String workload, Role role, boolean exists, String revision, Replicas replicas, Optional<String> stuck)
        implements DetectorEvent {
    public enum Role {
        TARGET,
        PRIMARY
    }
}
