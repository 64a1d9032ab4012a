package dev.aviary.detector.watch;

import dev.aviary.flagger.Canary;
import dev.aviary.flagger.MetricTemplate;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;

/// The part of the cluster that a canary hangs on, as the watches have it now.
///
/// @param canary     empty if there is none of this name
/// @param unreadable why it isn't a Canary at all, if it isn't
/// @param canaries   all of its namespace
/// @param templates  by `namespace/name`
/// @param configs    checksums by `configmap/name` or `secret/name`, empty if it isn't tracked
public record Seen(
        Optional<Canary> canary,
        Optional<String> unreadable,
        Collection<Canary> canaries,
        Map<String, MetricTemplate> templates,
        Map<String, Deployment> deployments,
        Collection<Pod> pods,
        Map<String, Optional<String>> configs) {}
