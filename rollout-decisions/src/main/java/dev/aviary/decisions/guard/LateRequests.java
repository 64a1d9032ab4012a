package dev.aviary.decisions.guard;

import java.util.ArrayList;
import java.util.List;

/// Counts one pod's requests as fast or slow, each once, and the slow ones as soon as they are late rather than when
/// they end.
///
/// A request that had begun by an earlier look, and still hasn't ended when the bound has passed since, is certainly
/// slow. Which ones these are isn't known, only how many: begun by then, less those ended by now. All that is not
/// certain makes the count smaller. A gauge is not read at the same moment as the histogram beside it, and either may
/// come first; so what has surely begun is what had ended at the look before, and beside it what is in flight now.
/// Where no request ends between two looks, as when all of them hang, nothing is lost by that.
///
/// What had not ended when a pod restarts never does; what was late already stays counted.
///
/// @param boundMillis how long a request may take
/// @param looks       of this life of the pod; those that can still matter, oldest first
/// @param fastBefore  to be added to what the pod's own counters say, which begin anew with each life
/// @param slowBefore  likewise
/// @param fast        requests so far that ended in time
/// @param slow        requests so far that took longer, or have by now
public record LateRequests(long boundMillis, List<Look> looks, long fastBefore, long slowBefore, long fast, long slow) {

    /// @param answeredMillis when the pod's answer was there
    /// @param begun          requests that had surely begun by then
    public record Look(long answeredMillis, long ended, long slowEnded, long begun) {}

    public LateRequests {
        if (boundMillis <= 0) {
            throw new IllegalArgumentException("a bound is longer than 0 ms, got " + boundMillis);
        }
        looks = List.copyOf(looks);
    }

    /// Of a pod that has begun since the guard began to look: all that its counters say is counted.
    public static LateRequests newborn(long boundMillis) {
        return new LateRequests(boundMillis, List.of(), 0, 0, 0, 0);
    }

    /// Of a pod that had served before: its requests so far aren't counted.
    ///
    /// @param ended     requests by its counters at this first look
    /// @param slowEnded of these, longer than the bound
    public static LateRequests joining(long boundMillis, long ended, long slowEnded) {
        Counts.check(slowEnded, ended);
        return new LateRequests(boundMillis, List.of(), slowEnded - ended, -slowEnded, 0, 0);
    }

    /// After one more look. One that was asked before the last one was answered says nothing. Counters that fall mean
    /// a restart; one that they don't show, because they are past the old ones again, must be said: [#restarted].
    ///
    /// @param askedMillis    when the pod was asked; the numbers are of then, or of a time up to the answer
    /// @param answeredMillis when its answer was there, by the same clock, rounded up
    /// @param ended          requests, by the histogram
    /// @param slowEnded      of these, longer than the bound
    /// @param inFlight       requests, by the gauge; 0 if there is none: then slow ones count when they end
    public LateRequests seen(long askedMillis, long answeredMillis, long ended, long slowEnded, long inFlight) {
        Counts.check(slowEnded, ended);
        if (!looks.isEmpty()) {
            var last = looks.getLast();
            if (ended < last.ended() || slowEnded < last.slowEnded()) {
                return restarted().seen(askedMillis, answeredMillis, ended, slowEnded, inFlight);
            }
            if (askedMillis < last.answeredMillis()) {
                return this;
            }
        }
        long hung = Math.clamp(begunBy(askedMillis - boundMillis) - ended, 0, Math.max(0, inFlight));
        return new LateRequests(
                boundMillis,
                remembered(askedMillis, new Look(answeredMillis, ended, slowEnded, begun(ended, inFlight))),
                fastBefore,
                slowBefore,
                Math.max(fast, fastBefore + ended - slowEnded),
                Math.max(slow, slowBefore + slowEnded + hung));
    }

    /// Its counters begin anew.
    public LateRequests restarted() {
        return new LateRequests(boundMillis, List.of(), fast, slow, fast, slow);
    }

    /// @return requests counted so far
    public long total() {
        return fast + slow;
    }

    private long begun(long ended, long inFlight) {
        long before = looks.isEmpty() ? 0 : looks.getLast().ended();
        long known = looks.isEmpty() ? 0 : looks.getLast().begun();
        return Math.max(known, Math.max(ended, before + inFlight));
    }

    private long begunBy(long millis) {
        return looks.stream()
                .filter(look -> look.answeredMillis() <= millis)
                .mapToLong(Look::begun)
                .max()
                .orElse(0);
    }

    /// The newest look that is old enough now will do for all later ones; older ones can't matter any more.
    private List<Look> remembered(long askedMillis, Look now) {
        var kept = new ArrayList<>(looks);
        while (kept.size() > 1 && kept.get(1).answeredMillis() <= askedMillis - boundMillis) {
            kept.removeFirst();
        }
        kept.add(now);
        return kept;
    }
}
