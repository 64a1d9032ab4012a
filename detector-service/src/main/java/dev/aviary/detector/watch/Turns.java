package dev.aviary.detector.watch;

import dev.aviary.events.CanaryKey;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.SequencedSet;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.jboss.logging.Logger;

/// One canary at a time, each at most once in the queue; one that couldn't be done is tried again.
final class Turns implements AutoCloseable {
    /// Looks at a canary and says what is new.
    interface Look {
        void at(CanaryKey key) throws ExecutionException, InterruptedException;
    }

    private static final Logger LOG = Logger.getLogger(Turns.class);
    private static final Duration PAUSE = Duration.ofSeconds(1);

    private final SequencedSet<CanaryKey> wanted = new LinkedHashSet<>();
    private final Look look;
    private final Thread thread =
            Thread.ofPlatform().name("detector-looks").daemon().unstarted(this::run);
    private volatile Optional<String> problem = Optional.empty();

    Turns(Look look) {
        this.look = look;
    }

    void start() {
        thread.start();
    }

    void want(CanaryKey key) {
        synchronized (wanted) {
            wanted.add(key);
            wanted.notifyAll();
        }
    }

    /// Why what is new couldn't be said.
    Optional<String> problem() {
        return problem;
    }

    private void run() {
        try {
            while (!Thread.currentThread().isInterrupted()) {
                turn(next());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // closed
        }
    }

    private CanaryKey next() throws InterruptedException {
        synchronized (wanted) {
            while (wanted.isEmpty()) {
                wanted.wait();
            }
            return wanted.removeFirst();
        }
    }

    private void turn(CanaryKey key) throws InterruptedException {
        try {
            look.at(key);
            problem = Optional.empty();
        } catch (ExecutionException e) {
            problem = Optional.of("the log doesn't take what is new: " + e.getCause());
            LOG.warnf("%s not said, tried again in=1s why=\"%s\"", key, e.getCause());
            again(key);
        } catch (RuntimeException bug) {
            // One canary's trouble must not silence the others.
            problem = Optional.of("%s can't be looked at: %s".formatted(key, bug));
            LOG.errorf(bug, "%s can't be looked at", key);
        }
    }

    private void again(CanaryKey key) throws InterruptedException {
        want(key);
        TimeUnit.MILLISECONDS.sleep(PAUSE.toMillis());
    }

    @Override
    public void close() {
        thread.interrupt();
    }
}
