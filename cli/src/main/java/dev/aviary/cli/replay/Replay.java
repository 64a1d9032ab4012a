package dev.aviary.cli.replay;

import dev.aviary.eventlog.LoggedEvent;
import dev.aviary.eventlog.LoggedEvent.Taken;
import dev.aviary.eventlog.codec.Read;
import dev.aviary.eventlog.topics.Entry;
import dev.aviary.events.CanaryParked;
import dev.aviary.events.RolloutEvent;
import dev.aviary.events.RolloutStarted;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.function.Supplier;

/// Takes one decider's decisions about one canary again.
///
/// A decision says which inputs were known (`after`) and at which instant it was taken. So inputs wait here until the
/// next decision is read: then it is known which of them came before it, and whether the clock was the last. Between
/// two decisions the records of two topics have no order that is written down; that of their times is tried first.
/// What waits is bounded, so memory is constant.
public final class Replay<S> {
    private static final int AT_MOST = 10_000;
    private static final Duration SOON = Duration.ofSeconds(10);
    private static final Comparator<Entry> BY_TIME = Comparator.comparing(Entry::timestamp);

    private final Deciding<S> deciding;
    private final Ahead measurements;
    private final Predicate<RolloutEvent> judged;
    private final Optional<Measured> measured;
    private final Deque<Entry> waiting = new ArrayDeque<>();
    private final Deque<RolloutEvent> expected = new ArrayDeque<>();
    private final SortedMap<Integer, Long> others = new TreeMap<>();
    private Supplier<String> expectedBehind = () -> "";
    private S state;
    private boolean known = true;
    private boolean gap;
    private long upTo = -1;
    private Optional<Measured> lost = Optional.empty();
    private long inputs;
    private long proven;
    private long folded;
    private Optional<Difference> difference = Optional.empty();

    /// The topic of measurements, of which the oldest may be gone.
    ///
    /// @param first offset that is still there
    record Measured(String name, long first) {}

    /// @param measurements the canary's, in order; none for a decider that hears the log alone
    /// @param judged       which decisions are to be proven, the others are taken as they stand
    Replay(
            Deciding<S> deciding,
            Optional<Measured> measured,
            Iterator<Entry> measurements,
            Predicate<RolloutEvent> judged) {
        this.deciding = deciding;
        this.measured = measured;
        this.measurements = new Ahead(measurements);
        this.judged = judged;
        this.state = deciding.fresh();
    }

    /// @param proven  decisions that are the same again
    /// @param folded  taken as they stand: of another rollout than asked for, or its measurements are gone
    /// @param others  decisions of other decider versions, by version: taken as they stand
    public record Result(
            String decider,
            int version,
            long inputs,
            long proven,
            long folded,
            SortedMap<Integer, Long> others,
            Optional<Difference> difference) {}

    /// One more record of the canary's log, in its order. Behind the first difference nothing is judged any more.
    void read(Entry entry) {
        if (difference.isPresent()) {
            return;
        }
        if (entry.read() instanceof Read.Event(var logged) && deciding.isOwn(logged)) {
            decided(entry, logged, logged.taken().orElseThrow());
        } else if (deciding.hears(entry.read())) {
            waiting.add(entry);
            if (waiting.size() >= AT_MOST) {
                var until = waiting.stream().skip(AT_MOST / 2).findFirst().orElseThrow();
                var some = until(until.offset());
                measurements.takeWhile(next -> next.timestamp().isBefore(until.timestamp()), some::add);
                some.sort(BY_TIME);
                idle(some, Instant.MAX);
            }
        }
    }

    /// The log has been read to its end.
    ///
    /// @param now an input that came only just before hasn't been answered yet
    Result end(Instant now) {
        var last = waiting.isEmpty() ? Instant.MIN : waiting.getLast().timestamp();
        while (difference.isEmpty()) {
            var rest = new ArrayList<Entry>();
            measurements.take(AT_MOST, rest::add);
            boolean more = measurements.hasNext();
            var upTo = more ? rest.getLast().timestamp() : Instant.MAX;
            while (!waiting.isEmpty() && !waiting.getFirst().timestamp().isAfter(upTo)) {
                rest.add(waiting.removeFirst());
            }
            rest.sort(BY_TIME);
            idle(rest, now.minus(SOON));
            if (!more) {
                break;
            }
        }
        if (difference.isEmpty() && known && expected.isEmpty()) {
            overdue(last);
        }
        return new Result(
                deciding.name(), deciding.version(), inputs, proven, folded, new TreeMap<>(others), difference);
    }

    /// What was due long before the last record was written should be on the log.
    private void overdue(Instant last) {
        deciding.nextDue(state)
                .filter(due -> last.isAfter(due.plus(Duration.ofMinutes(1))))
                .flatMap(due -> deciding.ticked(state, due).stream()
                        .findFirst()
                        .map(event -> missing("the clock at " + due, event)))
                .ifPresent(found -> difference = Optional.of(found));
    }

    /// Inputs that led to no decision on the log.
    private void idle(List<Entry> some, Instant answeredBefore) {
        for (var entry : some) {
            if (!expected.isEmpty() && known) {
                differs(missing(expectedBehind.get(), expected.getFirst()), expected.getFirst());
                return;
            }
            inputs++;
            var after = behind(state, entry);
            var next = deciding.heard(state, after, entry.read(), entry.timestamp());
            state = after;
            if (known && !next.isEmpty() && judged.test(next.getFirst())) {
                if (entry.timestamp().isBefore(answeredBefore)) {
                    differs(missing(where(entry), next.getFirst()), next.getFirst());
                }
                return;
            }
        }
    }

    private void decided(Entry at, LoggedEvent logged, Taken taken) {
        var event = logged.event();
        forget(taken);
        var segment = segment(taken);
        if (lost.isPresent() && segment.stream().anyMatch(Replay::begins)) {
            lost = lost.filter(topic -> gap);
        }
        boolean other = taken.decider() != deciding.version();
        if (other || lost.isPresent() || (!known && segment.isEmpty() && expected.isEmpty())) {
            if (other) {
                others.merge(taken.decider(), 1L, Long::sum);
            } else {
                folded++;
            }
            fold(at, segment, event, taken);
            return;
        }
        if (!segment.isEmpty() && !expected.isEmpty()) {
            differs(missing(expectedBehind.get(), expected.getFirst()), expected.getFirst());
        }
        if (difference.isEmpty() && expected.isEmpty()) {
            inputs(at, segment, event, taken);
        }
        if (difference.isEmpty()) {
            next(at, event, taken);
        }
    }

    /// Taken as it stands: what this version would have made of the inputs up to the next decision says nothing.
    private void fold(Entry at, List<Entry> segment, RolloutEvent event, Taken taken) {
        inputs += segment.size();
        expected.clear();
        segment.sort(BY_TIME);
        segment.forEach(entry -> state = behind(state, entry));
        take(at, event, taken);
        known = false;
    }

    /// Measurements that the topic has let go since: until the next rollout nothing can be proven.
    private void forget(Taken taken) {
        gap = false;
        measured.ifPresent(topic -> {
            long behind = taken.after().getOrDefault(topic.name(), -1L);
            gap = behind > upTo && upTo + 1 < topic.first();
            upTo = Long.max(upTo, behind);
            if (gap) {
                lost = Optional.of(topic);
            }
        });
    }

    private static boolean begins(Entry entry) {
        return entry.read() instanceof Read.Event(var logged) && logged.event() instanceof RolloutStarted;
    }

    /// Everything that was known to this decision and not to the one before.
    private List<Entry> segment(Taken taken) {
        var segment = new ArrayList<Entry>();
        var known = taken.after();
        while (!waiting.isEmpty()
                && waiting.getFirst().offset()
                        <= known.getOrDefault(waiting.getFirst().topic(), -1L)) {
            segment.add(waiting.removeFirst());
        }
        measurements.takeWhile(next -> next.offset() <= known.getOrDefault(next.topic(), -1L), segment::add);
        return segment;
    }

    private List<Entry> until(long offset) {
        var some = new ArrayList<Entry>();
        while (!waiting.isEmpty() && waiting.getFirst().offset() <= offset) {
            some.add(waiting.removeFirst());
        }
        return some;
    }

    /// Folds a segment in the first order that leads to this decision; if none does, in that of the times.
    private void inputs(Entry at, List<Entry> segment, RolloutEvent event, Taken taken) {
        inputs += segment.size();
        var first = Optional.<Folded<S>>empty();
        for (var order : orders(segment, taken)) {
            var folded = fold(order, taken);
            if (folded.fits(event, known)) {
                apply(folded);
                expected.removeFirst();
                expected.addFirst(event); // the same: compared once
                return;
            }
            first = first.or(() -> Optional.of(folded));
        }
        apply(first.orElseThrow());
        if (known) {
            first.orElseThrow().missed().ifPresent(found -> differs(found, event));
        }
        if (difference.isEmpty() && expected.isEmpty()) {
            differs(Difference.tooMany(deciding.name(), where(at), event), event);
        }
    }

    private void apply(Folded<S> folded) {
        state = folded.state();
        expected.addAll(folded.expected());
        expectedBehind = folded.behind();
    }

    /// @param behind where what is expected belongs, in words that are hardly ever needed
    private record Folded<S>(
            S state, List<RolloutEvent> expected, Supplier<String> behind, Optional<Difference> missed) {
        boolean fits(RolloutEvent event, boolean known) {
            return (missed.isEmpty() || !known)
                    && !expected.isEmpty()
                    && (expected.getFirst().equals(event)
                            || Difference.between("", "", event, expected.getFirst())
                                    .isEmpty());
        }
    }

    private Folded<S> fold(List<Entry> order, Taken taken) {
        var at = state;
        Supplier<String> behind = () -> "";
        var missed = Optional.<Difference>empty();
        var said = List.<RolloutEvent>of();
        for (var entry : order) {
            if (!said.isEmpty() && missed.isEmpty()) {
                missed = Optional.of(missing(behind.get(), said.getFirst()));
            }
            var after = behind(at, entry);
            said = deciding.heard(at, after, entry.read(), entry.timestamp());
            behind = () -> where(entry);
            at = after;
        }
        boolean due = said.isEmpty()
                && deciding.nextDue(at).filter(taken.now()::equals).isPresent();
        return new Folded<>(
                at,
                due ? deciding.ticked(at, taken.now()) : said,
                due ? () -> "the clock at " + taken.now() : behind,
                missed);
    }

    /// Of one topic, as it lies there. Of two by time, but with what was heard last at the end; then each topic before
    /// the other.
    private static List<List<Entry>> orders(List<Entry> segment, Taken taken) {
        if (isOfOneTopic(segment)) {
            return List.of(segment);
        }
        var byTime = new ArrayList<>(segment);
        byTime.sort(BY_TIME);
        var orders = new ArrayList<List<Entry>>();
        byTime.stream()
                .filter(entry -> entry.timestamp().equals(taken.now()) && isLast(entry, taken))
                .forEach(last -> orders.add(endingWith(last, byTime)));
        orders.add(byTime);
        var topics = segment.stream().map(Entry::topic).distinct().toList();
        orders.add(segment);
        orders.add(segment.stream()
                .sorted(Comparator.comparingInt((Entry entry) -> -topics.indexOf(entry.topic())))
                .toList());
        return orders;
    }

    private static boolean isOfOneTopic(List<Entry> segment) {
        for (var entry : segment) {
            if (!entry.topic().equals(segment.getFirst().topic())) {
                return false;
            }
        }
        return true;
    }

    private static boolean isLast(Entry entry, Taken taken) {
        return Optional.of(entry.offset())
                .equals(Optional.ofNullable(taken.after().get(entry.topic())));
    }

    private static List<Entry> endingWith(Entry last, List<Entry> byTime) {
        var order = new ArrayList<>(byTime);
        order.remove(last);
        order.add(last);
        return order;
    }

    private void next(Entry at, RolloutEvent event, Taken taken) {
        if (expected.isEmpty()) { // a difference of a rollout that wasn't asked for
            folded++;
            take(at, event, taken);
            return;
        }
        known = true;
        var recomputed = expected.removeFirst();
        boolean parked = event instanceof CanaryParked && recomputed instanceof CanaryParked; // words for a person
        if (!parked && !recomputed.equals(event)) {
            Difference.between(deciding.name(), where(at), event, recomputed).ifPresent(found -> differs(found, event));
        }
        if (difference.isPresent()) {
            return;
        }
        take(at, event, taken);
        if (difference.isEmpty() && deciding.seq(state) != taken.seq()) {
            differs(Difference.seq(deciding.name(), where(at), event, taken.seq(), deciding.seq(state)), event);
        }
        if (judged.test(event) && difference.isEmpty()) {
            proven++;
        } else {
            folded++;
        }
    }

    /// As it is recorded.
    private void take(Entry at, RolloutEvent event, Taken taken) {
        try {
            state = deciding.evolve(state, event, taken.now());
        } catch (IllegalStateException e) { // it can't follow on what stands
            difference = Optional.of(Difference.tooMany(deciding.name(), where(at), event));
        }
    }

    private S behind(S before, Entry entry) {
        return entry.read() instanceof Read.Event(var logged)
                ? deciding.evolve(before, logged.event(), entry.timestamp())
                : before;
    }

    private Difference missing(String where, RolloutEvent event) {
        return Difference.missing(deciding.name(), where, event);
    }

    private void differs(Difference found, RolloutEvent of) {
        if (judged.test(of)) {
            difference = Optional.of(found);
        } else {
            known = false;
            expected.clear();
        }
    }

    private static String where(Entry entry) {
        return "%s/%d/%d".formatted(entry.topic(), entry.partition(), entry.offset());
    }
}
