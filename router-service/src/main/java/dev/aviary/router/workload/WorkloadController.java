package dev.aviary.router.workload;

import dev.aviary.flagger.Canary;
import dev.aviary.router.traffic.Fence;
import java.util.List;

/// Makes and updates the primary of one kind of target, and scales the target. One implementation per kind, found by
/// CDI. Called from a virtual thread: it may block. It doesn't retry; the reconciler does.
public interface WorkloadController {
    /// As in a Canary's `spec.targetRef.kind`.
    String kind();

    /// How the pods of both sides are told apart, and what they listen on.
    Pods pods(Canary canary);

    /// A primary of this Canary exists, whoever made it.
    boolean hasPrimary(Canary canary);

    /// The largest `seq` that target or primary was written with; 0 if none was.
    long written(Canary canary);

    /// Everything that the primary's spec asks for is there.
    boolean primaryReady(Canary canary);

    /// Makes the primary what the target is, its configs too; nothing if it runs that revision already.
    ///
    /// @param revision that the target must run; refused if it is another by now
    void promote(Canary canary, String revision, Fence fence);

    /// Gives the primary the scaler that the target has, if it has one.
    void copyScaler(Canary canary, Fence fence);

    /// @return the target's replicas now
    int scaleUp(Canary canary, Fence fence);

    void scaleToZero(Canary canary, Fence fence);

    /// The target's pod of this name goes, so that its controller makes another; nothing if it is gone or going.
    ///
    /// @throws dev.aviary.router.traffic.UnservableException if that pod is not the target's
    void remove(Canary canary, String pod);

    /// The target gets at least as many replicas as the primary has.
    void restore(Canary canary, Fence fence);

    /// @param label   that tells them apart
    /// @param value   the target's; the primary's ends in `-primary`
    /// @param ports   of the target's containers, if they are to be discovered
    record Pods(String label, String value, List<Port> ports) {
        public String primary() {
            return value + "-primary";
        }
    }

    record Port(String name, int port) {}
}
