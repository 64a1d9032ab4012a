package dev.aviary.decisions.backtest;

import dev.aviary.decisions.backtest.Ending.Kind;
import dev.aviary.events.*;
import dev.aviary.events.Count.Counted;
import dev.aviary.events.GateDecided.Outcome;
import dev.aviary.events.RollbackStarted.Cause;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/// One rollout once more, under another policy.
///
/// Two of them go side by side: the recorded one, step by step as the log has it, and the other one, which the deciders
/// lead. The other one sees what was measured while both are at the same weight. If it goes up sooner, it waits for the
/// recorded one to come there; if it would have stayed, nobody knows how it went on. What others did (people, gates,
/// pods) happens to both.
///
/// One file above 400 lines: both go through the same events, and what is asked of one depends on where the other is.
final class Rerun {
    private final Policy policy;
    private final RolloutStarted started;
    private final Instant startedAt;
    private final Looks looks;
    private final Deque<Item> waiting = new ArrayDeque<>();
    private final Map<Integer, MetricsMeasured> measured = new TreeMap<>();
    private final TreeSet<String> notes = new TreeSet<>();
    private final TreeMap<String, String> valueOnly = new TreeMap<>();
    private Knowledge known;
    private boolean begun;
    private Optional<String> blind;
    private Otherwise other;

    private Plan way;
    private int step = -1;
    private boolean gated;
    private boolean opened;
    private boolean skips;
    private Instant heard;
    private Instant passed;
    private Instant failed;
    private Instant tripped;
    private Optional<Ending> recorded = Optional.empty();
    private boolean over;
    private Optional<PodSuspected> suspected = Optional.empty();
    private boolean replacing;

    private Optional<Ending> otherwise = Optional.empty();
    private Optional<RollbackStarted> decided = Optional.empty();
    private Instant moved;
    private boolean follows;
    private boolean ahead;
    private Verdict verdict = Verdict.INCONCLUSIVE;
    private Duration skipped = Duration.ZERO;
    private Optional<Instant> cleared = Optional.empty();
    private Optional<PodSuspected> suspects = Optional.empty();
    private final List<Looks.Look> undecided = new ArrayList<>();

    private record Item(RolloutEvent event, Instant now) {}

    Rerun(Policy policy, RolloutStarted started, Instant now) {
        this.policy = policy;
        this.started = started;
        this.startedAt = now;
        this.heard = now;
        this.passed = now;
        this.failed = now;
        this.tripped = now;
        this.moved = now;
        this.way = started.plan();
        this.known = Knowledge.of(way.spec(), policy, Optional.empty());
        this.blind = known.blind();
        this.looks = new Looks(way.spec().guarded(), known.spec().guarded());
        this.other = new Otherwise(started, known.spec(), now);
    }

    /// Anew with what the rollout's first evidence shows to be known.
    private void know(EvidenceRecorded first) {
        if (!begun) {
            begun = true;
            known = Knowledge.of(way.spec(), policy, Optional.of(first));
            blind = known.blind();
            other = new Otherwise(started, known.spec(), startedAt);
        }
    }

    boolean is(RolloutId rollout) {
        return started.rollout().equals(rollout);
    }

    /// Events wait until it is known what was counted meanwhile: that is recorded at the end of a step, or of many
    /// looks.
    void read(RolloutEvent event, Instant now) {
        if (event instanceof PodSuspected suspect) {
            suspected = Optional.of(suspect); // known before its look is counted, which is recorded later
        }
        if (event instanceof CheckCompleted check) {
            check.guard().stream()
                    .filter(metric -> metric.state() == GuardResult.State.THRESHOLD_ONLY)
                    .forEach(metric -> valueOnly.put(metric.metric(), metric.sentence()));
        }
        if (event instanceof EvidenceRecorded evidence) {
            evidence(evidence);
        } else if (!over && matters(event)) {
            over = ends(event);
            waiting.add(new Item(event, now));
        }
    }

    private static boolean matters(RolloutEvent event) {
        return ends(event)
                || switch (event) {
                    case CheckCompleted _,
                            GuardTripped _,
                            BudgetSpent _,
                            TrafficMeasured _,
                            GateDecided _,
                            GateRequested _,
                            ScaleUpStarted _,
                            StepStarted _,
                            TrafficShifted _,
                            PodSuspected _,
                            PodReplacementStarted _,
                            PodRemoved _,
                            CanaryApplied _,
                            OperatorCommanded _ -> true;
                    default -> false;
                };
    }

    private static boolean ends(RolloutEvent event) {
        return switch (event) {
            case PromotionStarted _,
                    RollbackStarted _,
                    Superseded _,
                    CanaryDeleted _,
                    TerminationStarted _,
                    InitializationStarted _,
                    CanaryParked _ -> true;
            default -> false;
        };
    }

    Backtested result() {
        while (!waiting.isEmpty()) {
            hear(waiting.removeFirst());
        }
        var end = recorded.orElse(new Ending(Kind.UNDER_WAY, heard, step, "it is under way"));
        var ending = otherwise.orElse(end);
        boolean goesBack = ending.kind() == Kind.ROLLED_BACK;
        if (blind.isPresent() && goesBack) {
            notes.add("or before, by the guard: " + blind.get());
        }
        return new Backtested(
                started.rollout(),
                startedAt,
                end,
                blind.filter(_ -> !goesBack)
                        .map(why -> new Ending(Kind.NOT_KNOWN, startedAt, ending.step(), why))
                        .orElse(ending),
                List.copyOf(notes));
    }

    private void evidence(EvidenceRecorded evidence) {
        know(evidence);
        evidence.looks().forEach(look -> measured.put(look.look(), look));
        var counted = new ArrayDeque<>(Looks.of(evidence));
        while (!waiting.isEmpty() && !isBehind(waiting.getFirst().event(), evidence.step())) {
            var next = waiting.removeFirst();
            while (!counted.isEmpty() && counted.getFirst().at().isBefore(next.now())) {
                count(counted.removeFirst());
            }
            hear(next);
            traffic(next.event(), counted);
        }
        counted.forEach(this::count);
        measured.clear();
    }

    private static boolean isBehind(RolloutEvent event, int step) {
        return ends(event) || (event instanceof StepStarted next && next.step() > step);
    }

    private void hear(Item item) {
        if (recorded.isPresent()) {
            return;
        }
        heard = item.now();
        switch (item.event()) {
            case CheckCompleted check -> checked(check, item.now());
            case GuardTripped _, BudgetSpent _, PodSuspected _ -> tripped = item.now();
            case PodReplacementStarted _ -> replacing = true;
            case TrafficMeasured traffic -> other.hear(traffic);
            case GateDecided gate -> gated(gate, item.now());
            case GateRequested gate -> requested(gate);
            case StepStarted next -> stepped(next, item.now());
            case ScaleUpStarted scaled when other.isUnderWay() -> other.follow(scaled, item.now());
            case PodRemoved removed -> {
                replacing = false;
                other.hear(removed);
            }
            case OperatorCommanded command -> {
                skips |= command.verb() == OperatorCommanded.Verb.SKIP_STEP;
                other.hear(command);
            }
            case TrafficShifted shifted when isAligned() -> other.shifted(shifted, item.now());
            case CanaryApplied applied -> other.hear(applied);
            case PromotionStarted promotion -> promoted(promotion, item.now());
            case RollbackStarted back -> rolledBack(back, item.now());
            case Superseded by -> end(Kind.REPLACED, item.now(), "superseded by " + by.by(), true);
            case CanaryDeleted _, TerminationStarted _, InitializationStarted _ ->
                end(Kind.REPLACED, item.now(), "the Canary was deleted, or another took its place", true);
            case CanaryParked parked -> end(Kind.REPLACED, item.now(), "parked: " + parked.why(), true);
            default -> {} // says nothing about the way up
        }
    }

    private void checked(CheckCompleted check, Instant now) {
        if (check.verdict() == Verdict.PASSED) {
            passed = opened ? passed : now;
        } else if (check.verdict() == Verdict.FAILED) {
            failed = now;
        }
        openAGateThatNobodyAsked(now);
        if (!goesOn()) {
            return;
        }
        if (!isAligned()) {
            if (!follows) { // it went up, the recorded one didn't
                isAhead();
            }
            follows = false;
            return;
        }
        var look = Optional.ofNullable(measured.get(check.look())).filter(seen -> seen.step() == check.step());
        var wanted = other.wanted().look();
        if (look.isPresent() && wanted.isPresent() && !wanted.get().due().isAfter(now)) {
            verdict = check.verdict();
            unread(check, now);
            var seen = new MetricsMeasured(
                    started.rollout(),
                    wanted.get().step(),
                    wanted.get().look(),
                    wanted.get().question(),
                    look.get().metrics(),
                    look.get().hooks());
            cleared.ifPresentOrElse(early -> checkedEarly(seen, early, now), () -> analyse(seen, now));
        }
    }

    /// A look that couldn't count stands in no evidence, but the check tells of it.
    private void unread(CheckCompleted check, Instant now) {
        var counts = new TreeMap<String, Count>();
        check.guard().stream()
                .filter(metric -> metric.state() == GuardResult.State.NO_DATA)
                .forEach(metric -> counts.put(metric.metric(), new Count.Unread(metric.sentence())));
        if (!counts.isEmpty()) {
            analyse(counts, now);
        }
    }

    /// It would have been checked before the recorded one was. If that takes it on, the time between would not have
    /// been.
    private void checkedEarly(MetricsMeasured seen, Instant early, Instant now) {
        var before = skipped;
        int at = other.step();
        cleared = Optional.empty();
        skipped = skipped.plus(Duration.between(early, now));
        analyse(seen, now);
        if (goesOn() && other.step() == at) {
            skipped = before;
            both();
        } else {
            undecided.clear();
            notes.add("as if a check that comes early had seen what the recorded one saw at its time");
        }
    }

    private void count(Looks.Look look) {
        if (!goesOn()) {
            return;
        }
        boolean theirs = suspected.filter(pod -> pod.look() <= look.number()).isPresent();
        if (theirs && !known.apart()) {
            unknown(look.at(), "a pod was suspect, and the log has the counts of all pods together");
            return;
        }
        if (!isAligned() || cleared.isPresent()) {
            if (!ahead) {
                undecided.add(look);
            }
            return;
        }
        judge(look);
        if (goesOn()) {
            compareSuspects(look);
        }
        clear(look);
    }

    private void judge(Looks.Look look) {
        var seen = looks.at(look);
        if (seen.isEmpty()) {
            return;
        }
        var counts = new TreeMap<String, Count>();
        way.spec().metrics().stream()
                .filter(metric -> seen.containsKey(metric.name()))
                .forEach(metric -> counts.put(metric.name(), otherwise(metric, seen)));
        valueOnly.forEach((metric, why) -> counts.putIfAbsent(metric, new Count.ThresholdOnly(why)));
        analyse(counts, look.at());
    }

    private void analyse(SortedMap<String, Count> counts, Instant now) {
        other.wanted()
                .guard()
                .ifPresent(guard -> analyse(
                        new RequestsCounted(started.rollout(), guard.step(), guard.look(), guard.question(), counts),
                        now));
    }

    private Count otherwise(MetricSpec metric, Map<String, Counted> seen) {
        var count = policy.appliedTo(
                metric, Optional.ofNullable(seen.get(metric.name())).orElseThrow());
        if (count instanceof Count.ThresholdOnly(var why) && other.acts()) {
            blind = blind.or(() -> Optional.of("%s: %s".formatted(metric.name(), why)));
        }
        return count;
    }

    /// A pod that is replaced under both policies is gone under both; else nobody knows how the pods did from then on.
    private void compareSuspects(Looks.Look look) {
        boolean now = suspected.filter(pod -> pod.look() == look.number()).isPresent();
        var theirs = suspected
                .filter(_ -> now && way.spec().guarded().suspect() == GuardSpec.Suspect.HOLD)
                .map(PodSuspected::pod);
        var mine = suspects.map(PodSuspected::pod);
        suspects = Optional.empty();
        if (!mine.equals(theirs)) {
            unknown(
                    look.at(),
                    mine.map("pod %s would have been replaced"::formatted)
                            .or(() -> theirs.map("pod %s was replaced, which would have been left alone"::formatted))
                            .orElseThrow());
        }
    }

    /// The step has shown what it has to before the recorded one was checked.
    private void clear(Looks.Look look) {
        boolean now = goesOn()
                && clearsOtherwise()
                && other.wanted()
                        .look()
                        .filter(due -> due.due().equals(look.at()))
                        .isPresent();
        cleared = now ? Optional.of(look.at()) : cleared;
    }

    private boolean clearsOtherwise() {
        return !policy.metrics().isEmpty()
                || !Knowledge.clearsAs(
                        way.spec().guarded(), policy.appliedTo(way.spec()).guarded());
    }

    private void analyse(AnalyzerEvent seen, Instant now) {
        for (var event : other.analyse(seen, now)) {
            if (event instanceof PodSuspected suspect) {
                suspects = Optional.of(suspect);
            }
            // What the traffic was before the first step, the log tells.
            if (!(event instanceof EvidenceRecorded || event instanceof TrafficMeasured)) {
                decide(event, now);
            }
        }
    }

    private void decide(RolloutEvent input, Instant now) {
        for (var decision : other.decide(input, now)) {
            switch (decision) {
                case RollbackStarted back
                when isOfAnalysis(back) -> {
                    ends(Kind.ROLLED_BACK, now, back.reasons());
                    decided = Optional.of(back);
                    moved = now;
                }
                case PromotionStarted promotion -> ends(Kind.PROMOTED, now, promotion.reasons());
                case StepStarted next -> {
                    other.follow(next, now);
                    moved = now;
                    follows = !(input instanceof CheckCompleted check) || check.verdict() == verdict;
                }
                case GateRequested _, StepHeld _, PodReplacementStarted _ -> other.follow(decision, now);
                default -> {} // what others did ends it when the recorded one ends
            }
        }
    }

    private void ends(Kind kind, Instant now, List<String> reasons) {
        otherwise = Optional.of(new Ending(kind, now.minus(skipped), other.step(), String.join("; ", reasons)));
    }

    private static boolean isOfAnalysis(RollbackStarted back) {
        return back.cause() == Cause.FAILED_CHECKS || back.cause() == Cause.GUARD;
    }

    private void gated(GateDecided gate, Instant now) {
        if (gate.outcome() == Outcome.OPENED) {
            passed = opened || gate.kind() == HookKind.ROLLBACK ? passed : now;
            opened |= gate.kind() != HookKind.ROLLBACK;
        } else if (gate.kind() == HookKind.PRE_ROLLOUT) {
            failed = now;
        }
        if (goesOn() && isAligned()) {
            decide(gate, now);
            passed = goesOn() ? passed : now; // this one, not one that was repeated
        }
    }

    private void requested(GateRequested gate) {
        boolean asks = step >= 0 && gate.kind() != HookKind.ROLLBACK;
        gated |= asks;
        opened = false;
        if (!asks) {
            other.hear(gate);
        } else if (goesOn() && isAligned() && other.awaits().isEmpty()) {
            stays();
        } else {
            both();
        }
    }

    /// Where it goes up sooner, nobody asked the gate; it is taken to have been open.
    private void openAGateThatNobodyAsked(Instant now) {
        if (goesOn() && !gated) {
            other.awaits().filter(_ -> step >= 0).ifPresent(kind -> {
                notes.add("as if gate %s had been open".formatted(kind.word()));
                decide(
                        new GateDecided(
                                started.rollout(),
                                kind,
                                other.step(),
                                Integer.MAX_VALUE,
                                Outcome.OPENED,
                                kind.word(),
                                Optional.empty(),
                                "not asked"),
                        now);
            });
        }
    }

    private void stepped(StepStarted next, Instant now) {
        boolean again = next.step() == step;
        boolean wasAligned = isAligned();
        step = next.step();
        way = step == 0 ? Otherwise.beginning(way, next.canary()) : way;
        gated = false;
        opened = false;
        cleared = Optional.empty();
        if (!goesOn() || !other.isProgressing()) {
            return;
        }
        if (other.step() < 0) {
            other.begin(next, started.plan(), now);
            moved = now;
        } else if (again && wasAligned) {
            other.goTo(other.step(), next, now);
        } else if (!again && wasAligned && skips && !other.isLast()) {
            other.goTo(other.step() + 1, next, now);
        }
        skips &= step == 0 || !wasAligned; // one that the recorded one heard behind this step
        if (!again && isAligned()) {
            if (ahead) {
                skipped = skipped.plus(Duration.between(moved, now));
                ahead = false;
            }
            both();
        } else if (!isAligned()) {
            isAhead();
            if (!comes()) {
                stays();
            }
        }
    }

    /// A budget of the other policy alone would have chosen its first weight by traffic that nobody measured before; it
    /// is taken to have been that of the first step's looks.
    private void traffic(RolloutEvent next, Deque<Looks.Look> counted) {
        boolean unmeasured =
                next instanceof ScaleUpStarted && way.spec().guarded().budget().isEmpty() && other.acts();
        if (unmeasured) {
            Looks.traffic(started.rollout(), List.copyOf(counted)).ifPresent(other::hear);
        }
    }

    /// The recorded one did the same: what was counted meanwhile, both saw.
    private void both() {
        var seen = List.copyOf(undecided);
        undecided.clear();
        seen.forEach(this::count);
    }

    private void isAhead() {
        undecided.clear();
        if (!ahead) {
            ahead = true;
            notes.add("as if a weight showed the same without the time before it");
        }
    }

    /// The recorded rollout has a step of this weight before it, if it goes on.
    private boolean comes() {
        var steps = way.steps();
        return steps.subList(Integer.max(step, 0), steps.size()).stream().anyMatch(other::isIn);
    }

    private boolean isAligned() {
        return (step < 0 || other.step() < 0)
                ? step == other.step()
                : other.isIn(way.steps().get(step));
    }

    private boolean goesOn() {
        return otherwise.isEmpty();
    }

    /// Without a check's word it was a person, or the Canary skips its analysis.
    private void promoted(PromotionStarted promotion, Instant now) {
        boolean earned = promotion.reasons().stream().anyMatch(why -> why.startsWith("all checks passed"));
        end(Kind.PROMOTED, earned ? passed : now, String.join("; ", promotion.reasons()), !earned);
    }

    private void rolledBack(RollbackStarted back, Instant now) {
        boolean stayed = back.cause() == Cause.GUARD && replacing; // the pod that was to be replaced
        var at = switch (back.cause()) {
            case GUARD -> stayed ? now : tripped;
            // The very same: a check that failed after it, before the router had said so, wasn't the cause.
            case FAILED_CHECKS -> decided.equals(Optional.of(back)) ? moved : failed;
            case DEADLINE, ROLLBACK_HOOK, ABORTED, ROUTE_CHANGED, TARGET_REVERTED, CANARY_UNAVAILABLE, WENT_BLIND ->
                now;
        };
        end(Kind.ROLLED_BACK, at, String.join("; ", back.reasons()), stayed || !isOfAnalysis(back));
    }

    /// @param ofOthers it would have ended under any policy
    private void end(Kind kind, Instant at, String why, boolean ofOthers) {
        recorded = Optional.of(new Ending(kind, at, step, why));
        if (!goesOn()) {
            return;
        }
        if (ofOthers && ((!ahead && cleared.isEmpty()) || kind == Kind.REPLACED)) {
            int last = isAligned() ? other.step() : step;
            otherwise = Optional.of(new Ending(kind, at.minus(skipped), last, why));
        } else if (!isAligned()) {
            unknown(
                    at,
                    "it would have waited for what %s %% shows; the recorded one ended at %s %%"
                            .formatted(other.share(), share()));
        } else if (cleared.isPresent()) {
            unknown(
                    cleared.get(),
                    "it would have been checked early at %s %%, and nobody asked for the values then"
                            .formatted(other.share()));
        } else {
            unknown(at, "it would have gone on at %s %%, where the recorded one ended".formatted(other.share()));
        }
    }

    /// The recorded one went up.
    private void stays() {
        var weight = other.share();
        boolean was = way.steps().stream().limit(Integer.max(step, 0)).anyMatch(other::isIn);
        unknown(
                heard,
                was || other.step() < 0
                        ? "it would have stayed at %s %%, where the recorded one went on to %s %%"
                                .formatted(weight, share())
                        : "no step had %s %%".formatted(weight));
    }

    private void unknown(Instant from, String why) {
        otherwise = Optional.of(new Ending(Kind.NOT_KNOWN, from.minus(skipped), other.step(), why));
    }

    private Percent share() {
        return step < 0 ? Percent.ZERO : way.steps().get(step).canary();
    }
}
