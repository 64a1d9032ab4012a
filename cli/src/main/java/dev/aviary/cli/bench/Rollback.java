package dev.aviary.cli.bench;

import java.util.List;
import java.util.function.ToLongFunction;

/// One release on its way back, by the log and a watch on its route: milliseconds since 1970, all by one machine's
/// clock.
///
/// @param said    the look was made and was to be written
/// @param looked  the look lay on the measurements
/// @param tripped the guard's word lay on the log
/// @param heard   it was committed, and came to whoever reads
/// @param decided `RollbackStarted` lay on the log
/// @param written the route came back without the canary
record Rollback(String rollout, long said, long looked, long tripped, long heard, long decided, long written) {
    /// A stretch of the way; the last two are sums of others.
    record Part(String name, ToLongFunction<Rollback> millis) {}

    static final List<Part> PARTS = List.of(
            new Part("look -> on the measurements", one -> one.looked - one.said),
            new Part("judge -> GuardTripped on the log", one -> one.tripped - one.looked),
            new Part("commit -> readable", one -> one.heard - one.tripped),
            new Part("decider -> RollbackStarted on the log", one -> one.decided - one.heard),
            new Part("write -> route as watched", one -> one.written - one.decided),
            new Part("GuardTripped on the log -> route", one -> one.written - one.tripped),
            new Part("look -> route", one -> one.written - one.said));
}
