package dev.aviary.detector.watch;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class StuckTest {
    @Test
    void aCrashLoopIsSaidWithoutItsGrowingPause() {
        assertThat(why("""
                containerStatuses:
                - name: app
                  ready: false
                  state: {waiting: {reason: CrashLoopBackOff, message: "back-off 20s restarting failed container=app pod=x"}}
                  lastState: {terminated: {exitCode: 3, reason: Error}}
                """)).contains("CrashLoopBackOff: container app ended with status 3");
    }

    @Test
    void anImageThatCanNotBePulledIsSaidInTheKubeletsWords() {
        assertThat(why("""
                containerStatuses:
                - {name: app, ready: false, state: {waiting: {reason: ImagePullBackOff, message: "Back-off pulling image \\"x:9\\""}}}
                """)).contains("ImagePullBackOff: container app: Back-off pulling image \"x:9\"");
    }

    @Test
    void aFailingProbeIsSaid() {
        assertThat(why("""
                containerStatuses: [{name: app, ready: false, state: {running: {startedAt: "2026-01-01T00:00:00Z"}}}]
                """)).contains("container app runs, but isn't ready");
    }

    @Test
    void aPodWithoutANodeIsSaid() {
        assertThat(why("""
                conditions:
                - {type: PodScheduled, status: "False", reason: Unschedulable, message: "0/1 nodes are available: 1 Insufficient cpu."}
                """)).contains("Unschedulable: 0/1 nodes are available: 1 Insufficient cpu.");
    }

    @Test
    void aQuotaIsSaidByTheDeployment() {
        var deployment = Serialization.unmarshal("""
                status: {conditions: [{type: ReplicaFailure, status: "True", reason: FailedCreate, message: "exceeded quota"}]}
                """, Deployment.class);

        assertThat(Stuck.why(deployment, List.of())).contains("FailedCreate: exceeded quota");
    }

    @Test
    void aPodThatIsStartingIsNotStuck() {
        assertThat(why("""
                containerStatuses: [{name: app, ready: false, state: {waiting: {reason: ContainerCreating}}}]
                """)).isEmpty();
    }

    private static Optional<String> why(String status) {
        var pod = Serialization.unmarshal("metadata: {name: a}\nstatus:\n" + status.indent(2), Pod.class);
        return Stuck.why(new Deployment(), List.of(pod));
    }
}
