package dev.aviary.router.reconcile;

import dev.aviary.flagger.Canary;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// A Canary with `revertOnDeletion` stays until its target serves again.
public final class Finalizers {
    /// Flagger's name for it.
    public static final String NAME = "finalizer.flagger.app";

    private final KubernetesClient kube;

    public Finalizers(KubernetesClient kube) {
        this.kube = kube;
    }

    /// There if it is asked for, gone if it isn't; a Canary that is being deleted is left alone.
    public void keep(Canary canary) {
        if (canary.getMetadata().getDeletionTimestamp() != null) {
            return;
        }
        set(canary, Boolean.TRUE.equals(canary.getSpec().revertOnDeletion()));
    }

    public void remove(Canary canary) {
        set(canary, false);
    }

    private void set(Canary canary, boolean wanted) {
        List<String> found =
                Optional.ofNullable(canary.getMetadata().getFinalizers()).orElseGet(List::of);
        if (found.contains(NAME) == wanted) {
            return;
        }
        kube.resources(Canary.class)
                .inNamespace(canary.getMetadata().getNamespace())
                .withName(canary.getMetadata().getName())
                .edit(there -> {
                    var names = new ArrayList<>(
                            Optional.ofNullable(there.getMetadata().getFinalizers())
                                    .orElseGet(List::of));
                    names.remove(NAME);
                    if (wanted) {
                        names.add(NAME);
                    }
                    there.getMetadata().setFinalizers(names);
                    return there;
                });
    }
}
