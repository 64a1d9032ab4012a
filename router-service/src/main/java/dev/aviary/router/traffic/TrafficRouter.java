package dev.aviary.router.traffic;

import dev.aviary.flagger.Canary;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/// Splits a service's traffic between primary and canary. One implementation per mesh or ingress; it is
/// found by CDI, so a new one is a new file and no other Java change.
///
/// Called from a virtual thread: it may block. It doesn't retry; the reconciler does.
public interface TrafficRouter {
    /// Names as in a Canary's `spec.provider`, such as `istio` or `gatewayapi:v1`.
    Set<String> providers();

    /// Makes the route what the Canary says, with this split. There is no other write: what else has drifted is
    /// repaired with the weights that are wanted now, never with initial ones.
    ///
    /// @param fence of the decision; refused if the route carries a larger one, or this one and less for the canary
    /// @return as the API server has it after the write
    /// @throws StaleWriterException if it is refused
    /// @throws UnservableException  if this provider can't do it, whoever asks
    Standing shift(Canary canary, Split split, Fence fence);

    /// What stands there; nothing if there is no route.
    Optional<Standing> read(Canary canary);

    /// Gives back a route that was there before Aviary, as it was.
    default void restore(Canary canary, Fence fence) {}

    /// Hears of every change of the routes that this router writes, until it is closed.
    ///
    /// @param namespace only of this one
    /// @param changed   gets the Canary that owns it
    default AutoCloseable watch(Optional<String> namespace, Consumer<OwnedBy> changed) {
        return () -> {};
    }

    /// The Canary that an object belongs to.
    record OwnedBy(String namespace, String canary) {}
}
