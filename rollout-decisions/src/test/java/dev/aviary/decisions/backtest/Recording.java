package dev.aviary.decisions.backtest;

import dev.aviary.decisions.analysis.AnalysisDecider;
import dev.aviary.decisions.analysis.AnalysisInput;
import dev.aviary.decisions.analysis.AnalysisState;
import dev.aviary.decisions.analysis.Wanted;
import dev.aviary.decisions.rollout.RolloutDecider;
import dev.aviary.decisions.rollout.RolloutInput;
import dev.aviary.decisions.rollout.RolloutState;
import dev.aviary.events.*;
import dev.aviary.events.Count.PodCount;
import dev.aviary.events.Count.Side;
import dev.aviary.events.GateDecided.Outcome;
import dev.aviary.events.OperatorCommanded.Verb;
import dev.aviary.events.WorkloadChanged.Role;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;

/// A canary's log as the two deciders write it, each at its own pace, in a world that goes on second by second.
final class Recording {
    static final Instant NOON = Instant.parse("2026-01-01T12:00:00Z");
    static final MetricSpec SUCCESS = new MetricSpec(
            "request-success-rate", new MetricSpec.BuiltIn(), "1m", new Bounds(Optional.of(99.0), Optional.empty()));

    record Entry(RolloutEvent event, Instant now) {}

    /// How the canary does in a second of its life.
    interface Canary {
        /// @param weight percent of the traffic
        Second at(String weight, long second);
    }

    /// @param rate that a check sees, in percent
    /// @param ill  the failures sit in one pod of two, until it is replaced
    record Second(double rate, long failures, long total, boolean ill) {
        Second(double rate, long failures, long total) {
            this(rate, failures, total, false);
        }
    }

    final List<Entry> log = new ArrayList<>();
    private final CanarySpec spec;
    private final Random random;
    private final double meddling;
    private RolloutState router = RolloutState.NEW;
    private AnalysisState analysis = AnalysisState.NEW;
    private int routerAt;
    private int analyzerAt;
    private int commands;
    private int revisions;
    private boolean replaced;
    private Duration start = Duration.ZERO;
    private Optional<Instant> readyAt = Optional.empty();
    private Instant now = NOON;
    private Instant since = NOON;

    Recording(CanarySpec spec, Random random, double meddling) {
        this.spec = spec;
        this.random = random;
        this.meddling = meddling;
        fact(new CanaryApplied("uid", 1, spec));
        revision();
        drain();
        fact(new PrimaryInitialized(router.wantedBy(), false, Percent.ZERO, Duration.ZERO));
        drain();
    }

    static CanarySpec spec(Strategy strategy, int threshold, GuardSpec guard, HookKind... hooks) {
        return new CanarySpec(
                new WorkloadRef("Deployment", "checkout"),
                "gatewayapi:v1",
                "checkout",
                strategy,
                Duration.ofSeconds(10),
                threshold,
                Duration.ofSeconds(60),
                Duration.ofSeconds(1),
                100,
                100,
                List.of(SUCCESS),
                List.of(hooks).stream()
                        .map(kind -> new HookSpec(kind.word(), kind, Duration.ofSeconds(10), 0, false))
                        .toList(),
                false,
                false,
                false,
                false,
                Optional.of(guard));
    }

    static Strategy steps(String... weights) {
        return new Strategy.Progressive(
                List.of(weights).stream().map(Percent::of).toList(), Percent.ZERO);
    }

    /// So long does a canary take to become ready.
    Recording starting(Duration time) {
        start = time;
        return this;
    }

    /// A new revision, from its detection until it has ended or the seconds are over.
    void release(Canary canary, int seconds) {
        revision();
        since = now;
        replaced = false;
        for (int second = 0; second < seconds; second++) {
            pass(canary);
            if (second > 2 && router.run().isEmpty()) {
                break;
            }
        }
        pass(canary);
        drain();
    }

    List<Backtested> under(Policy policy) {
        return under(policy, log);
    }

    /// As the log was before pods were told apart in it.
    List<Backtested> togetherUnder(Policy policy) {
        return under(
                policy,
                log.stream()
                        .map(entry -> entry.event() instanceof EvidenceRecorded evidence
                                ? new Entry(together(evidence), entry.now())
                                : entry)
                        .toList());
    }

    private static EvidenceRecorded together(EvidenceRecorded evidence) {
        return new EvidenceRecorded(
                evidence.rollout(),
                evidence.step(),
                evidence.looks(),
                evidence.counted().stream()
                        .filter(look -> look.canary().total() > 0)
                        .map(look -> new CountedLook(
                                look.metric(), look.look(), look.at(), look.allowed(), look.canary(), look.primary()))
                        .toList());
    }

    private static List<Backtested> under(Policy policy, List<Entry> log) {
        var backtest = new Backtest(policy);
        var results = new ArrayList<Backtested>();
        log.forEach(entry -> backtest.read(entry.event(), entry.now()).ifPresent(results::add));
        results.addAll(backtest.end());
        return results;
    }

    private void revision() {
        fact(new RevisionDetected(
                "v1:" + ++revisions, Optional.empty(), List.of("shop:" + revisions), List.of(), new TreeMap<>()));
    }

    private void pass(Canary canary) {
        now = now.plusSeconds(1);
        tick();
        if (random.nextDouble() < meddling) {
            meddle();
            while (routerAt < log.size()) {
                routerHears(); // what others did ends it before anything that is said later
            }
        }
        listen();
        reconcile();
        becomeReady();
        gates();
        measure(canary);
        listen();
    }

    private void measure(Canary canary) {
        var weight = router.confirmed().canary().toString();
        var second = canary.at(weight, Duration.between(since, now).toSeconds());
        AnalysisDecider.wanted(analysis)
                .guard()
                .ifPresent(guard -> heard(new RequestsCounted(
                        guard.rollout(),
                        guard.step(),
                        guard.look(),
                        guard.question(),
                        new TreeMap<>(Map.of(SUCCESS.name(), counted(second, guard.step()))))));
        now = now.plusMillis(1);
        AnalysisDecider.wanted(analysis)
                .look()
                .filter(look -> !now.isBefore(look.due()))
                .ifPresent(look -> heard(new MetricsMeasured(
                        look.rollout(),
                        look.step(),
                        look.look(),
                        look.question(),
                        new TreeMap<>(Map.of(SUCCESS.name(), new Measurement.Value(second.rate()))),
                        List.of())));
    }

    private Count counted(Second second, int step) {
        if (second.total() < 0) {
            return new Count.Unread("connection refused");
        }
        var pods = new ArrayList<PodCount>();
        if (step >= 0 && second.ill()) {
            long half = second.total() / 2;
            long failed = replaced ? 0 : Math.min(second.failures(), half);
            pods.add(new PodCount("a", "", Side.CANARY, 0, second.total() - half));
            pods.add(new PodCount(replaced ? "d" : "c", "", Side.CANARY, failed, half));
        } else if (step >= 0) {
            pods.add(new PodCount("a", "", Side.CANARY, second.failures(), second.total()));
        }
        pods.add(new PodCount("b", "", Side.PRIMARY, 1, 100));
        return new Count.Counted(Count.Source.PODS, 0.01, "failed", Optional.empty(), pods);
    }

    /// What the analyzer alone hears.
    private void heard(AnalyzerEvent measured) {
        var said = AnalysisDecider.decide(analysis, new AnalysisInput.Heard(measured), now);
        analysis = AnalysisDecider.evolve(analysis, measured, now);
        said(said, now);
        while (said.stream().anyMatch(TrafficMeasured.class::isInstance) && routerAt < log.size()) {
            routerHears(); // before it takes the first step without
        }
    }

    private void said(List<AnalyzerEvent> said, Instant at) {
        for (var event : said) {
            analysis = AnalysisDecider.evolve(analysis, event, at);
            log.add(new Entry(event, at));
        }
    }

    private void decided(List<RouterDecision> decisions, Instant at) {
        for (var decision : decisions) {
            router = RolloutDecider.evolve(router, decision);
            log.add(new Entry(decision, at));
        }
    }

    private void fact(RolloutEvent event) {
        now = now.plusMillis(1);
        log.add(new Entry(event, now));
    }

    private void drain() {
        while (routerAt < log.size() || analyzerAt < log.size()) {
            routerHears();
            analyzerHears();
        }
    }

    /// Now and then they don't come round to it for seconds.
    private void listen() {
        int turns = random.nextInt(4);
        for (int turn = 0; turn < turns; turn++) {
            if (random.nextInt(4) > 0) {
                routerHears();
            }
            if (random.nextInt(4) > 0) {
                analyzerHears();
            }
        }
    }

    private void routerHears() {
        if (routerAt < log.size()) {
            var event = log.get(routerAt++).event();
            if (!(event instanceof RouterDecision)) {
                now = now.plusMillis(1);
                var decisions = RolloutDecider.decide(router, new RolloutInput.Heard(event), now);
                router = RolloutDecider.evolve(router, event);
                decided(decisions, now);
            }
        }
    }

    private void analyzerHears() {
        if (analyzerAt < log.size()) {
            var entry = log.get(analyzerAt++);
            var event = entry.event();
            if (!(event instanceof AnalyzerEvent) || event instanceof GateDecided) {
                now = now.plusMillis(1);
                var said = AnalysisDecider.decide(analysis, new AnalysisInput.Heard(event), now);
                // The step began when its traffic was confirmed, whenever that is heard.
                analysis = AnalysisDecider.evolve(analysis, event, event instanceof TrafficShifted ? entry.now() : now);
                said(said, now);
            }
        }
    }

    private void tick() {
        RolloutDecider.nextDue(router)
                .filter(due -> !due.isAfter(now))
                .ifPresent(due -> decided(RolloutDecider.decide(router, new RolloutInput.Tick(), due), due));
        AnalysisDecider.nextDue(analysis)
                .filter(due -> !due.isAfter(now))
                .ifPresent(due -> said(AnalysisDecider.decide(analysis, new AnalysisInput.Tick(), due), due));
    }

    private void reconcile() {
        var wanted = router.desired();
        var stands = router.confirmed();
        if (wanted.equals(stands) || router.wantedBy() == 0) {
            return;
        }
        if (!wanted.primary().equals(stands.primary())) {
            fact(new PrimaryUpdated(wanted.seq(), wanted.primary(), Duration.ZERO));
            fact(workload(Role.PRIMARY, wanted.primary()));
        }
        if (wanted.without().isPresent() && !wanted.without().equals(stands.without())) {
            replaced = true;
            fact(new PodRemoved(wanted.seq(), wanted.without().get(), Duration.ZERO));
        }
        fact(new TrafficShifted(wanted.seq(), wanted.canary(), wanted.mirror(), Duration.ZERO));
        while (analyzerAt < log.size()) {
            analyzerHears(); // what is counted from now on is the step's
        }
        if (wanted.canaryUp() != stands.canaryUp()) {
            fact(new CanaryScaled(wanted.seq(), wanted.canaryUp() ? 1 : 0, Duration.ZERO));
            readyAt = Optional.of(now.plus(start));
        }
    }

    private void becomeReady() {
        if (readyAt.filter(at -> !now.isBefore(at)).isPresent()) {
            readyAt = Optional.empty();
            fact(workload(Role.TARGET, "v1:" + revisions));
        }
    }

    private static WorkloadChanged workload(Role role, String revision) {
        return new WorkloadChanged("checkout", role, true, revision, new Replicas(1, 1, 1, 1, true), Optional.empty());
    }

    private void gates() {
        for (Wanted.Gate gate : AnalysisDecider.wanted(analysis).gates()) {
            boolean opens = gate.kind() != HookKind.ROLLBACK && random.nextInt(5) == 0;
            boolean news = opens || gate.answer().isEmpty() || gate.kind() == HookKind.PRE_ROLLOUT;
            if (news && random.nextInt(3) == 0) {
                fact(new GateDecided(
                        gate.rollout(),
                        gate.kind(),
                        gate.step(),
                        gate.attempt(),
                        opens ? Outcome.OPENED : Outcome.CLOSED,
                        "gate",
                        Optional.empty(),
                        "as it is"));
            }
        }
    }

    private void meddle() {
        switch (random.nextInt(8)) {
            case 0 -> revision();
            case 1 ->
                fact(new RouteChangedByHand(router.wantedBy(), router.desired().canary(), Percent.ZERO, "bob"));
            case 2 -> fact(new WentBlind(router.wantedBy(), Percent.ZERO, Duration.ofSeconds(30)));
            default -> {
                var verbs = Verb.values();
                fact(new OperatorCommanded("c" + ++commands, verbs[random.nextInt(verbs.length)], "alice", ""));
            }
        }
    }
}
