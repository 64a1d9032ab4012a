package dev.aviary.decisions.backtest;

import dev.aviary.decisions.analysis.AnalysisDecider;
import dev.aviary.decisions.analysis.AnalysisInput;
import dev.aviary.decisions.analysis.AnalysisState;
import dev.aviary.decisions.backtest.Ending.Kind;
import dev.aviary.decisions.rollout.RolloutDecider;
import dev.aviary.decisions.rollout.RolloutInput;
import dev.aviary.decisions.rollout.RolloutState;
import dev.aviary.decisions.rollout.RolloutState.Phase.Progressing;
import dev.aviary.events.*;
import dev.aviary.events.Count.PodCount;
import dev.aviary.events.Count.Side;
import dev.aviary.events.GateDecided.Outcome;
import dev.aviary.events.GuardSpec.Mode;
import dev.aviary.events.RollbackStarted.Cause;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
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
    private final Plan plan;
    private final Looks looks;
    private final Deque<Item> waiting = new ArrayDeque<>();
    private final Map<Integer, MetricsMeasured> measured = new TreeMap<>();
    private final TreeSet<String> notes = new TreeSet<>();
    private Optional<String> blind;
    private RolloutState router;
    private AnalysisState analysis;

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
    private int suspectedAt = Integer.MAX_VALUE;

    private Optional<Ending> otherwise = Optional.empty();
    private Optional<RollbackStarted> decided = Optional.empty();
    private Instant moved;
    private boolean follows;
    private boolean ahead;
    private Verdict verdict = Verdict.INCONCLUSIVE;
    private Duration skipped = Duration.ZERO;
    private final List<List<CountedLook>> undecided = new ArrayList<>();

    private record Item(RolloutEvent event, Instant now) {}

    Rerun(Policy policy, RolloutStarted started, Instant now) {
        var acting = started.plan().spec();
        var spec = policy.appliedTo(acting);
        boolean recovers =
                started.plan().equals(Plan.recovery(acting)) && !started.plan().equals(Plan.of(acting));
        this.policy = policy;
        this.started = started;
        this.startedAt = now;
        this.heard = now;
        this.passed = now;
        this.failed = now;
        this.tripped = now;
        this.moved = now;
        this.plan = recovers ? Plan.recovery(judging(spec)) : Plan.of(judging(spec));
        this.looks = new Looks(acting.guarded(), spec.guarded());
        this.blind = blind(acting.guarded(), spec.guarded());
        var begun = new RolloutStarted(
                started.rollout(), started.from(), started.to(), started.images(), plan, started.by());
        this.router =
                RolloutDecider.evolve(RolloutDecider.evolve(RolloutState.NEW, new CanaryApplied("", 0, acting)), begun);
        this.analysis = AnalysisDecider.evolve(AnalysisState.NEW, begun, now);
    }

    /// The burn-in was taken off before the looks were recorded.
    private static CanarySpec judging(CanarySpec spec) {
        var none = Optional.<Integer>empty();
        return new Policy(
                        none,
                        Optional.empty(),
                        none,
                        new TreeMap<>(),
                        new Policy.Guard(
                                Optional.empty(),
                                Optional.empty(),
                                Optional.of(0),
                                Optional.empty(),
                                Optional.empty(),
                                Optional.empty(),
                                Optional.empty()))
                .appliedTo(spec);
    }

    /// Why the other policy's guard would have seen something else than what is recorded.
    private static Optional<String> blind(GuardSpec acting, GuardSpec otherwise) {
        if (otherwise.mode() == Mode.OFF || otherwise.mode() == Mode.SHADOW) {
            return Optional.empty();
        }
        if (acting.mode() == Mode.OFF) {
            return Optional.of("the guard was off, so nothing was counted");
        }
        if (acting.burnIn() != otherwise.burnIn()) {
            return Optional.of("the log has the counts without each pod's first %s requests, not without %s"
                    .formatted(acting.burnIn(), otherwise.burnIn()));
        }
        return otherwise.every().compareTo(acting.every()) < 0
                ? Optional.of("the guard looked every %s ms, not every %s ms"
                        .formatted(acting.every().toMillis(), otherwise.every().toMillis()))
                : Optional.empty();
    }

    boolean is(RolloutId rollout) {
        return started.rollout().equals(rollout);
    }

    /// Events wait until it is known what was counted meanwhile: that is recorded at the end of a step, or of many
    /// looks.
    void read(RolloutEvent event, Instant now) {
        if (event instanceof PodSuspected suspect) {
            suspectedAt = suspect.look();
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
        var other = otherwise.orElse(end);
        boolean goesBack = other.kind() == Kind.ROLLED_BACK;
        if (blind.isPresent() && goesBack) {
            notes.add("or before, by the guard: " + blind.get());
        }
        return new Backtested(
                started.rollout(),
                startedAt,
                end,
                blind.filter(_ -> !goesBack)
                        .map(why -> new Ending(Kind.NOT_KNOWN, startedAt, other.step(), why))
                        .orElse(other),
                List.copyOf(notes));
    }

    private void evidence(EvidenceRecorded evidence) {
        evidence.looks().forEach(look -> measured.put(look.look(), look));
        var counted = new ArrayDeque<>(Looks.of(evidence.counted()));
        while (!waiting.isEmpty() && !isBehind(waiting.getFirst().event(), evidence.step())) {
            var next = waiting.removeFirst();
            while (!counted.isEmpty() && counted.getFirst().getFirst().at().isBefore(next.now())) {
                count(counted.removeFirst());
            }
            hear(next);
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
            case GuardTripped _, BudgetSpent _ -> tripped = item.now();
            case TrafficMeasured traffic -> router = RolloutDecider.evolve(router, traffic);
            case GateDecided gate -> gated(gate, item.now());
            case GateRequested gate -> requested(gate);
            case StepStarted next -> stepped(next, item.now());
            case ScaleUpStarted scaled when router.underWay() -> router = RolloutDecider.evolve(router, scaled);
            case OperatorCommanded command -> {
                skips |= command.verb() == OperatorCommanded.Verb.SKIP_STEP;
                router = RolloutDecider.evolve(router, command);
            }
            case TrafficShifted shifted
            when isAligned() -> analysis = AnalysisDecider.evolve(analysis, shifted, item.now());
            case CanaryApplied applied -> router = RolloutDecider.evolve(router, applied);
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
        var wanted = AnalysisDecider.wanted(analysis).look();
        if (look.isPresent() && wanted.isPresent()) {
            verdict = check.verdict();
            analyse(
                    new MetricsMeasured(
                            started.rollout(),
                            wanted.get().step(),
                            wanted.get().look(),
                            wanted.get().question(),
                            look.get().metrics(),
                            look.get().hooks()),
                    now);
        }
    }

    private void count(List<CountedLook> look) {
        if (!goesOn()) {
            return;
        }
        if (look.getFirst().look() >= suspectedAt) {
            unknown(look.getFirst().at(), "a pod was suspect, and the log has the counts of all pods together");
            return;
        }
        if (!isAligned()) {
            if (!ahead) {
                undecided.add(look);
            }
            return;
        }
        var seen = looks.at(look);
        var wanted = AnalysisDecider.wanted(analysis).guard();
        if (seen.isEmpty() || wanted.isEmpty()) {
            return;
        }
        var counts = new TreeMap<String, Count>();
        started.plan().spec().metrics().stream()
                .filter(metric -> seen.containsKey(metric.name()))
                .forEach(metric -> counts.put(metric.name(), otherwise(metric, seen)));
        analyse(
                new RequestsCounted(
                        started.rollout(),
                        wanted.get().step(),
                        wanted.get().look(),
                        wanted.get().question(),
                        counts),
                look.getFirst().at());
    }

    private Count otherwise(MetricSpec metric, Map<String, CountedLook> seen) {
        var look = Optional.ofNullable(seen.get(metric.name())).orElseThrow();
        var count = policy.appliedTo(
                metric,
                new Count.Counted(
                        Count.Source.PODS,
                        look.allowed(),
                        "failed",
                        Optional.empty(),
                        List.of(
                                new PodCount(
                                        "canary",
                                        "",
                                        Side.CANARY,
                                        look.canary().failures(),
                                        look.canary().total()),
                                new PodCount(
                                        "primary",
                                        "",
                                        Side.PRIMARY,
                                        look.primary().failures(),
                                        look.primary().total()))));
        var mode = plan.spec().guarded().mode();
        if (count instanceof Count.ThresholdOnly(var why) && (mode == Mode.BOUND || mode == Mode.PRIMARY)) {
            blind = blind.or(() -> Optional.of("%s: %s".formatted(metric.name(), why)));
        }
        return count;
    }

    private void analyse(AnalyzerEvent seen, Instant now) {
        var said = AnalysisDecider.decide(analysis, new AnalysisInput.Heard(seen), now);
        analysis = AnalysisDecider.evolve(analysis, seen, now);
        for (var event : said) {
            analysis = AnalysisDecider.evolve(analysis, event, now);
            if (!(event instanceof EvidenceRecorded)) {
                decide(event, now);
            }
        }
    }

    private void decide(RolloutEvent input, Instant now) {
        var decisions = RolloutDecider.decide(router, new RolloutInput.Heard(input), now);
        router = RolloutDecider.evolve(router, input);
        for (var decision : decisions) {
            switch (decision) {
                case RollbackStarted back
                when isOfAnalysis(back) -> {
                    ends(Kind.ROLLED_BACK, now, back.reasons());
                    decided = Optional.of(back);
                    moved = now;
                }
                case PromotionStarted promotion -> ends(Kind.PROMOTED, now, promotion.reasons());
                case StepStarted next -> {
                    follow(next, now);
                    moved = now;
                    follows = !(input instanceof CheckCompleted check) || check.verdict() == verdict;
                }
                case GateRequested _, StepHeld _ -> follow(decision, now);
                default -> {} // what others did ends it when the recorded one ends
            }
        }
    }

    private void follow(RouterDecision decision, Instant now) {
        router = RolloutDecider.evolve(router, decision);
        analysis = AnalysisDecider.evolve(analysis, decision, now);
    }

    private void ends(Kind kind, Instant now, List<String> reasons) {
        otherwise = Optional.of(new Ending(kind, now.minus(skipped), otherStep(), String.join("; ", reasons)));
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
            router = RolloutDecider.evolve(router, gate);
        } else if (goesOn() && isAligned() && awaits().isEmpty()) {
            stays();
        } else {
            both();
        }
    }

    /// Where it goes up sooner, nobody asked the gate; it is taken to have been open.
    private void openAGateThatNobodyAsked(Instant now) {
        if (goesOn() && !gated) {
            awaits().filter(_ -> step >= 0).ifPresent(kind -> {
                notes.add("as if gate %s had been open".formatted(kind.word()));
                decide(
                        new GateDecided(
                                started.rollout(),
                                kind,
                                otherStep(),
                                Integer.MAX_VALUE,
                                Outcome.OPENED,
                                kind.word(),
                                Optional.empty(),
                                "not asked"),
                        now);
            });
        }
    }

    private Optional<HookKind> awaits() {
        return router.phase() instanceof Progressing at ? at.awaited() : Optional.empty();
    }

    private void stepped(StepStarted next, Instant now) {
        boolean again = next.step() == step;
        boolean wasAligned = isAligned();
        step = next.step();
        gated = false;
        opened = false;
        if (!goesOn() || !(router.phase() instanceof Progressing)) {
            return;
        }
        if (otherStep() < 0) {
            follow(planned(0, next), now);
            moved = now;
        } else if (again && wasAligned) {
            follow(planned(otherStep(), next), now);
        } else if (!again && wasAligned && skips && !plan.isLast(otherStep())) {
            follow(planned(otherStep() + 1, next), now);
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

    private StepStarted planned(int at, StepStarted recorded) {
        var planned = plan.steps().get(at);
        return new StepStarted(
                started.rollout(), at, planned.canary(), planned.mirror(), planned.match(), recorded.deadline());
    }

    /// The recorded rollout has a step of this weight before it, if it goes on.
    private boolean comes() {
        var steps = started.plan().steps();
        return steps.subList(Integer.max(step, 0), steps.size()).stream().anyMatch(this::isOther);
    }

    private boolean isAligned() {
        return (step < 0 || otherStep() < 0)
                ? step == otherStep()
                : isOther(started.plan().steps().get(step));
    }

    private boolean isOther(Plan.Step of) {
        if (otherStep() < 0) {
            return false;
        }
        var other = plan.steps().get(otherStep());
        return of.canary().equals(other.canary())
                && of.mirror().equals(other.mirror())
                && of.match().equals(other.match());
    }

    private int otherStep() {
        return router.phase() instanceof Progressing at ? at.step() : -1;
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
        var at = switch (back.cause()) {
            case GUARD -> tripped;
            // The very same: a check that failed after it, before the router had said so, wasn't the cause.
            case FAILED_CHECKS -> decided.equals(Optional.of(back)) ? moved : failed;
            case DEADLINE, ROLLBACK_HOOK, ABORTED, ROUTE_CHANGED, TARGET_REVERTED, CANARY_UNAVAILABLE, WENT_BLIND ->
                now;
        };
        end(Kind.ROLLED_BACK, at, String.join("; ", back.reasons()), !isOfAnalysis(back));
    }

    /// @param ofOthers it would have ended under any policy
    private void end(Kind kind, Instant at, String why, boolean ofOthers) {
        recorded = Optional.of(new Ending(kind, at, step, why));
        if (!goesOn()) {
            return;
        }
        if (ofOthers && (!ahead || kind == Kind.REPLACED)) {
            int last = isAligned() ? otherStep() : step;
            otherwise = Optional.of(new Ending(kind, at.minus(skipped), last, why));
        } else if (!isAligned()) {
            unknown(
                    at,
                    "it would have waited for what %s %% shows; the recorded one ended at %s %%"
                            .formatted(share(plan, otherStep()), share(started.plan(), step)));
        } else {
            unknown(
                    at,
                    "it would have gone on at %s %%, where the recorded one ended".formatted(share(plan, otherStep())));
        }
    }

    /// The recorded one went up.
    private void stays() {
        var weight = share(plan, otherStep());
        boolean was =
                started.plan().steps().stream().limit(Integer.max(step, 0)).anyMatch(this::isOther);
        unknown(
                heard,
                was || otherStep() < 0
                        ? "it would have stayed at %s %%, where the recorded one went on to %s %%"
                                .formatted(weight, share(started.plan(), step))
                        : "no step had %s %%".formatted(weight));
    }

    private void unknown(Instant from, String why) {
        otherwise = Optional.of(new Ending(Kind.NOT_KNOWN, from.minus(skipped), otherStep(), why));
    }

    private static Percent share(Plan plan, int step) {
        return step < 0 ? Percent.ZERO : plan.steps().get(step).canary();
    }
}
