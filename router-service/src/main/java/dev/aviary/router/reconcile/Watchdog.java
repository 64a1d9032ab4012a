package dev.aviary.router.reconcile;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.function.BooleanSupplier;
import org.jboss.logging.Logger;

/// Looks whether the log can be reached, on a thread of its own. If it can't for the blind deadline, every rollout
/// that is under way goes to the safe side: nobody could take it back if it turned bad.
public final class Watchdog {
    private static final Logger LOG = Logger.getLogger(Watchdog.class);

    private final Duration deadline;
    private final InstantSource clock;
    private final BooleanSupplier reachesTheLog;
    private final Reconciler reconciler;
    private Instant lastContact;
    private volatile boolean blind;

    /// @param reachesTheLog may block, for less than the deadline
    public Watchdog(Duration deadline, InstantSource clock, BooleanSupplier reachesTheLog, Reconciler reconciler) {
        this.deadline = deadline;
        this.clock = clock;
        this.reachesTheLog = reachesTheLog;
        this.reconciler = reconciler;
        this.lastContact = clock.instant();
    }

    /// To be called several times within a deadline, by one thread.
    public void look() {
        boolean reached = reachesTheLog.getAsBoolean();
        var now = clock.instant();
        if (reached) {
            if (blind) {
                LOG.infof("the log is there again without=%s", Duration.between(lastContact, now));
            }
            lastContact = now;
            blind = false;
            reconciler.seesTheLog();
            return;
        }
        var without = Duration.between(lastContact, now);
        if (without.compareTo(deadline) >= 0) {
            if (!blind) {
                LOG.errorf("the log can't be reached: rollouts go to the safe side without=%s", without);
            }
            blind = true;
            reconciler.retreat(without);
        }
    }

    public boolean isBlind() {
        return blind;
    }
}
