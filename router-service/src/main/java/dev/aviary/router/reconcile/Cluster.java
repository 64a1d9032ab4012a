package dev.aviary.router.reconcile;

import dev.aviary.decisions.rollout.Desired;
import dev.aviary.events.CanaryKey;
import dev.aviary.events.CanaryScaled;
import dev.aviary.events.Percent;
import dev.aviary.events.PodRemoved;
import dev.aviary.events.PrimaryInitialized;
import dev.aviary.events.PrimaryUpdated;
import dev.aviary.events.RouteChangedByHand;
import dev.aviary.events.RouterOutcome;
import dev.aviary.events.TargetRestored;
import dev.aviary.events.TrafficShifted;
import dev.aviary.events.WriteFailed;
import dev.aviary.flagger.Canary;
import dev.aviary.router.traffic.Fence;
import dev.aviary.router.traffic.Split;
import dev.aviary.router.traffic.StaleWriterException;
import dev.aviary.router.traffic.Standing;
import dev.aviary.router.traffic.TrafficRouter;
import dev.aviary.router.traffic.UnservableException;
import dev.aviary.router.workload.Services;
import dev.aviary.router.workload.WorkloadController;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// The Kubernetes cluster as the reconciler sees it. Traffic that leaves the canary is written first, before anything
/// else can fail; traffic that comes to it, last.
public final class Cluster implements Reconciler.World {
    private final KubernetesClient kube;
    private final Providers providers;
    private final Services services;
    private final Finalizers finalizers;
    private final InstantSource clock;

    public Cluster(
            KubernetesClient kube, Providers providers, Services services, Finalizers finalizers, InstantSource clock) {
        this.kube = kube;
        this.providers = providers;
        this.services = services;
        this.finalizers = finalizers;
        this.clock = clock;
    }

    @Override
    public List<RouterOutcome> apply(
            CanaryKey key, Desired desired, Desired confirmed, Instant since, Duration nextTry) {
        var writing = new Writing(key, desired, confirmed, since);
        try {
            writing.run();
        } catch (StaleWriterException | UnservableException refused) {
            writing.failed(Refusal.words(refused), nextTry);
        } catch (KubernetesClientException refused) {
            writing.failed(Refusal.sentence(refused), nextTry);
        }
        return writing.done;
    }

    @Override
    public Optional<RouteChangedByHand> inspect(CanaryKey key, Desired standing) {
        var found = canary(key);
        if (found.isEmpty()
                || found.get().getMetadata().getDeletionTimestamp() != null
                || standing.stage() != Desired.Stage.SERVING) {
            return Optional.empty();
        }
        var canary = found.get();
        var router = providers.router(canary);
        var there = router.read(canary);
        if (there.filter(route -> route.seq() > standing.seq()).isPresent()) {
            return Optional.empty(); // a newer decision's
        }
        var split = Split.of(standing);
        var byHand = there.filter(route -> !route.splitsAs(split));
        if (byHand.isPresent()) {
            return byHand.map(
                    route -> new RouteChangedByHand(standing.seq(), standing.canary(), route.canary(), route.by()));
        }
        var fence = new Fence(standing.seq());
        var workload = providers.workload(canary);
        var pods = workload.pods(canary);
        services.writeSides(canary, pods, fence);
        services.leadToPrimary(canary, pods, fence);
        router.shift(canary, split, fence);
        finalizers.keep(canary);
        return Optional.empty();
    }

    @Override
    public Percent retreat(CanaryKey key, Desired committed, SafeSide safe) {
        var canary = canary(key)
                .orElseThrow(
                        () -> new UnservableException("Canary %s/%s is gone.".formatted(key.namespace(), key.name())));
        boolean stays = switch (safe) {
            case PRIMARY -> false;
            case CANARY -> true;
            case PRIMARY_IF_READY -> !providers.workload(canary).primaryReady(canary);
        };
        var router = providers.router(canary);
        return stays
                ? router.read(canary).map(Standing::canary).orElse(committed.canary())
                : router.shift(canary, Split.PRIMARY, new Fence(committed.seq()))
                        .canary();
    }

    private Optional<Canary> canary(CanaryKey key) {
        return Optional.ofNullable(kube.resources(Canary.class)
                .inNamespace(key.namespace())
                .withName(key.name())
                .get());
    }

    /// One wish on its way; `what` is being written when something fails.
    private final class Writing {
        private final CanaryKey key;
        private final Desired desired;
        private final Desired confirmed;
        private final Instant since;
        private final Fence fence;
        private final List<RouterOutcome> done = new ArrayList<>();
        private String what = "Canary";

        Writing(CanaryKey key, Desired desired, Desired confirmed, Instant since) {
            this.key = key;
            this.desired = desired;
            this.confirmed = confirmed;
            this.since = since;
            this.fence = new Fence(desired.seq());
        }

        void run() {
            if (desired.stage() == Desired.Stage.NOTHING) {
                return;
            }
            var canary = canary(key)
                    .orElseThrow(() -> new UnservableException(
                            "Canary %s/%s is gone; nothing is changed.".formatted(key.namespace(), key.name())));
            var router = providers.router(canary);
            var workload = providers.workload(canary);
            switch (desired.stage()) {
                case NOTHING -> {}
                case BOOTSTRAP -> bootstrap(canary, router, workload);
                case SERVING -> serve(canary, router, workload);
                case RESTORED -> restore(canary, router, workload);
            }
        }

        private void bootstrap(Canary canary, TrafficRouter router, WorkloadController workload) {
            what = "workload";
            var pods = workload.pods(canary);
            if (workload.hasPrimary(canary) && services.leadsToPrimary(canary, pods)) {
                what = "route";
                var route = router.read(canary);
                var share = route.map(Standing::canary).orElse(Percent.ZERO);
                what = "workload";
                long found = Long.max(route.map(Standing::seq).orElse(0L), workload.written(canary));
                done.add(new PrimaryInitialized(desired.seq(), true, share, took(), Optional.of(found)));
                return;
            }
            what = "services";
            services.writeSides(canary, pods, fence);
            what = "primary";
            workload.promote(canary, desired.primary(), fence);
            done.add(new PrimaryUpdated(desired.seq(), desired.primary(), took()));
        }

        private void serve(Canary canary, TrafficRouter router, WorkloadController workload) {
            what = "route";
            if (confirmed.stage() == Desired.Stage.BOOTSTRAP
                    && !desired.primary().isEmpty()) {
                takeOver(canary, router, workload);
                return;
            }
            // Nothing can be raised by nothing: on the way back every question costs time.
            boolean goesBack =
                    desired.canary().equals(Percent.ZERO) && !desired.primary().isEmpty();
            var before = goesBack ? Optional.<Standing>empty() : router.read(canary);
            if (desired.primary().isEmpty() && before.isEmpty()) { // no primary has proved ready: the target serves on
                done.add(shifted(Percent.ZERO, Percent.ZERO));
                what = "target";
                if (desired.canaryUp() != confirmed.canaryUp()) {
                    scale(canary, workload);
                }
                return;
            }
            var now = before.map(Standing::canary).orElse(Percent.ZERO);
            boolean raises = desired.canary().isAbove(now) && before.isPresent();
            if (!raises) {
                shift(canary, router);
            }
            what = "pod";
            if (!desired.without().equals(confirmed.without())) {
                desired.without().ifPresent(pod -> remove(canary, workload, pod));
            }
            what = "primary";
            if (!desired.primary().isEmpty() && !desired.primary().equals(confirmed.primary())) {
                workload.promote(canary, desired.primary(), fence);
                done.add(new PrimaryUpdated(desired.seq(), desired.primary(), took()));
            }
            what = "target";
            if (desired.canaryUp() != confirmed.canaryUp()) {
                scale(canary, workload);
            }
            what = "route";
            if (raises) {
                shift(canary, router);
            }
            what = "finalizer";
            finalizers.keep(canary);
        }

        /// The first time: the primary is ready, now it gets the traffic, then the target may go.
        private void takeOver(Canary canary, TrafficRouter router, WorkloadController workload) {
            what = "services";
            var pods = workload.pods(canary);
            services.writeSides(canary, pods, fence);
            what = "scaler";
            workload.copyScaler(canary, fence);
            what = "services";
            services.leadToPrimary(canary, pods, fence);
            what = "route";
            router.shift(canary, Split.PRIMARY, fence);
            what = "finalizer";
            finalizers.keep(canary);
            what = "target";
            if (!desired.canaryUp()) {
                workload.scaleToZero(canary, fence);
            }
            done.add(new PrimaryInitialized(desired.seq(), false, Percent.ZERO, took()));
        }

        private void restore(Canary canary, TrafficRouter router, WorkloadController workload) {
            what = "target";
            workload.restore(canary, fence);
            what = "services";
            services.leadToTarget(canary, workload.pods(canary), fence);
            what = "route";
            router.restore(canary, fence);
            what = "finalizer";
            finalizers.remove(canary);
            done.add(new TargetRestored(desired.seq(), took()));
        }

        private void shift(Canary canary, TrafficRouter router) {
            var stands = router.shift(canary, Split.of(desired), fence);
            done.add(shifted(stands.canary(), stands.mirror()));
        }

        private void scale(Canary canary, WorkloadController workload) {
            int replicas = 0;
            if (desired.canaryUp()) {
                replicas = workload.scaleUp(canary, fence);
            } else {
                workload.scaleToZero(canary, fence);
            }
            done.add(new CanaryScaled(desired.seq(), replicas, took()));
        }

        private void remove(Canary canary, WorkloadController workload, String pod) {
            workload.remove(canary, pod);
            done.add(new PodRemoved(desired.seq(), pod, took()));
        }

        private TrafficShifted shifted(Percent canary, Percent mirror) {
            return new TrafficShifted(desired.seq(), canary, mirror, took());
        }

        private Duration took() {
            return Duration.between(since, clock.instant());
        }

        void failed(String why, Duration nextTry) {
            done.add(new WriteFailed(desired.seq(), what, why, nextTry));
        }
    }
}
