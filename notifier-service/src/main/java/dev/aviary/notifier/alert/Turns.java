package dev.aviary.notifier.alert;

import java.time.Duration;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/// One at a time per receiver, in the order in which they came; a receiver has its own queue.
///
/// @param patience how long one waits for its turn
public record Turns(Duration patience, ConcurrentMap<String, Semaphore> receivers) {
    public Turns(Duration patience) {
        this(patience, new ConcurrentHashMap<>());
    }

    /// @return whether its turn came in time
    public boolean with(String receiver, Runnable work) {
        var turn = receivers.computeIfAbsent(receiver, _ -> new Semaphore(1, true));
        try {
            if (!turn.tryAcquire(patience.toMillis(), TimeUnit.MILLISECONDS)) {
                return false;
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
        try {
            work.run();
            return true;
        } finally {
            turn.release();
        }
    }
}
