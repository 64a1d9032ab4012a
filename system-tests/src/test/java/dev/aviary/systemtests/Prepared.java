package dev.aviary.systemtests;

import java.util.Arrays;
import java.util.EnumSet;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.function.Supplier;

/// What the tests that take the services away want to stand before they do. It is mostly waiting, so all of it is
/// prepared at the same time, before the first of them begins. A test that is tried again gets new canaries.
enum Prepared {
    RESTART(RestartST::aCanaryForEachPhase),
    UPGRADE(UpgradeST::rolloutsInTheirMiddle),
    FIRST_SIGHT(FirstSightST::oneIdleAndOneInAStep);

    private static final Set<Prepared> UNTAKEN = EnumSet.allOf(Prepared.class);

    private final Supplier<PlainCanaries> how;
    private CompletableFuture<PlainCanaries> canaries = new CompletableFuture<>();

    Prepared(Supplier<PlainCanaries> how) {
        this.how = how;
    }

    /// Returns when nothing is being prepared any more.
    static synchronized PlainCanaries take(Prepared wanted) {
        if (UNTAKEN.size() == Prepared.values().length) {
            prepare(Prepared.values());
        } else if (!UNTAKEN.contains(wanted)) {
            prepare(wanted);
        }
        UNTAKEN.remove(wanted);
        return wanted.canaries.join();
    }

    private static void prepare(Prepared... those) {
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) { // waits for all, also for one that fails
            Arrays.stream(those).forEach(one -> one.canaries = CompletableFuture.supplyAsync(one.how, threads));
        }
    }
}
