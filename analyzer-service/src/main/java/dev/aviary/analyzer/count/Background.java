package dev.aviary.analyzer.count;

import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;

/// One question at a time to somebody who may be slow: the looks go on meanwhile.
///
/// @param <A> the answer
final class Background<A> {
    private final ExecutorService threads;
    private Optional<Future<A>> asked = Optional.empty();

    Background(ExecutorService threads) {
        this.threads = threads;
    }

    boolean isAsking() {
        return asked.isPresent();
    }

    void ask(Callable<A> question) {
        asked = Optional.of(threads.submit(question));
    }

    /// Each answer once; empty while there is none.
    Optional<A> answer() {
        var done = asked.filter(Future::isDone);
        if (done.isEmpty()) {
            return Optional.empty();
        }
        asked = Optional.empty();
        try {
            return Optional.of(done.get().get());
        } catch (ExecutionException ours) {
            throw new IllegalStateException(ours.getCause());
        } catch (InterruptedException ends) {
            Thread.currentThread().interrupt();
            return Optional.empty();
        }
    }
}
