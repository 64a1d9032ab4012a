package dev.aviary.detector.watch;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.extended.leaderelection.LeaderCallbacks;
import io.fabric8.kubernetes.client.extended.leaderelection.LeaderElectionConfig;
import io.fabric8.kubernetes.client.extended.leaderelection.LeaderElector;
import io.fabric8.kubernetes.client.extended.leaderelection.resourcelock.LeaseLock;
import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.jboss.logging.Logger;

/// One active detector: who holds the Lease. Who loses it, for instance because the API server was away, stands again.
public final class Leadership implements AutoCloseable {
    public static final String LEASE = "aviary-detector";
    private static final Logger LOG = Logger.getLogger(Leadership.class);

    private final KubernetesClient client;
    private final Executor threads;
    private final String identity;
    private final LeaderElectionConfig config;
    private volatile boolean standing = true;
    private volatile CompletableFuture<?> election = CompletableFuture.completedFuture(null);

    /// @param identity survives a restart, so that the Lease is ours again at once
    /// @param active   hears whether this is the active one
    public Leadership(
            KubernetesClient client,
            Executor threads,
            String namespace,
            String identity,
            Duration lease,
            Consumer<Boolean> active) {
        this.client = client;
        this.threads = threads;
        this.identity = identity;
        this.config = new LeaderElectionConfig(
                new LeaseLock(namespace, LEASE, identity),
                lease,
                lease.multipliedBy(2).dividedBy(3),
                lease.dividedBy(6),
                new LeaderCallbacks(
                        () -> active.accept(true), () -> active.accept(false), who -> heard(namespace, who)),
                true,
                LEASE);
    }

    private void heard(String namespace, String who) {
        LOG.infof("active detector lease=%s/%s holder=%s us=%s", namespace, LEASE, who, identity.equals(who));
    }

    public void start() {
        threads.execute(() -> {
            while (standing) {
                try {
                    election = new LeaderElector(client, config, threads).start();
                    var _ = election.join();
                } catch (CancellationException | CompletionException ended) {
                    LOG.debugf("election ended why=\"%s\"", ended.getMessage());
                }
            }
        });
    }

    /// Gives the Lease back.
    @Override
    public void close() {
        standing = false;
        var _ = election.cancel(true);
    }
}
