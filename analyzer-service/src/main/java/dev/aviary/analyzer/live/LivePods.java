package dev.aviary.analyzer.live;

import dev.aviary.events.WorkloadRef;
import java.time.Instant;
import java.util.List;

/// The pods that a workload runs at this moment, and where their metrics are.
public interface LivePods {
    /// A pod that has an address and isn't on its way out.
    ///
    /// @param node    empty if unknown
    /// @param metrics URL, by the `prometheus.io` annotations, or by PodMonitors and ServiceMonitors
    /// @param started when the node took it over, UTC
    record LivePod(String name, String node, String metrics, Instant started) {}

    /// Those of the workload's newest template; none if the workload isn't there. May block.
    ///
    /// @throws LiveObjects.UnavailableException if the API server gives no answer
    List<LivePod> pods(String namespace, WorkloadRef workload);
}
