package dev.aviary.decisions.rollout;

import static dev.aviary.decisions.rollout.World.hook;
import static org.assertj.core.api.Assertions.assertThat;

import dev.aviary.decisions.rollout.RolloutInput.Heard;
import dev.aviary.decisions.rollout.RolloutInput.Tick;
import dev.aviary.decisions.rollout.RolloutState.Phase.Idle;
import dev.aviary.decisions.rollout.RolloutState.Phase.New;
import dev.aviary.decisions.rollout.RolloutState.Phase.Progressing;
import dev.aviary.decisions.rollout.RolloutState.Phase.Promoting;
import dev.aviary.decisions.rollout.RolloutState.Phase.RollingBack;
import dev.aviary.decisions.rollout.RolloutState.Phase.Waiting;
import dev.aviary.decisions.rollout.Story.Moment;
import dev.aviary.decisions.rollout.Story.Move;
import dev.aviary.decisions.rollout.Story.What;
import dev.aviary.events.*;
import dev.aviary.events.OperatorCommanded.Verb;
import dev.aviary.events.WorkloadChanged.Role;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tuple;
import net.jqwik.api.statistics.Statistics;

/// The design's invariants, over lives of canaries whose senders repeat, delay, lose and mix up what they say.
class RolloutInvariantsTest {
    @Property
    void theCanaryNeverHasMoreThanThePlanGivesItInItsStep(@ForAll("stories") Story story) {
        int shares = 0;
        for (var moment : story.moments) {
            var has = moment.after().desired().canary();
            var had = moment.before().desired().canary();
            // A primary that was broken gets its traffic back step by step: less each time.
            boolean returns =
                    moment.after().phase() instanceof Promoting at && at.leave() == RolloutState.Leave.RETURNING;
            assertThat(has.isAbove(planned(moment.after())) && !(returns && !has.isAbove(had)))
                    .as("%s", moment)
                    .isFalse();
            shares += has.isAbove(Percent.ZERO) ? 1 : 0;
        }
        Statistics.label("moments with traffic on the canary").collect(atMost(5, shares));
    }

    @Property
    void theShareThatAStepSaysIsTheOneThatIsWantedThen(@ForAll("stories") Story story) {
        int chosen = 0;
        for (var moment : story.moments) {
            var state = behindInput(moment);
            for (var decision : moment.decisions()) {
                state = RolloutDecider.evolve(state, decision);
                if (decision instanceof StepStarted step) {
                    assertThat(step.canary())
                            .as("%s", moment)
                            .isEqualTo(state.desired().canary());
                    chosen += state.run().flatMap(RolloutState.Run::first).isPresent() ? 1 : 0;
                }
            }
        }
        Statistics.label("steps of a rollout with a chosen weight").collect(atMost(3, chosen));
    }

    @Property
    void noWeightRisesWithoutAPassedCheckOfTheStepBefore(@ForAll("stories") Story story) {
        var book = new Book(story);
        int risen = 0;
        for (var moment : story.moments) {
            book.heard(moment);
            var state = behindInput(moment);
            for (var decision : moment.decisions()) {
                var next = RolloutDecider.evolve(state, decision);
                if (next.desired().canary().isAbove(state.desired().canary())) {
                    risen++;
                    assertThat(book.mayRaise(moment, state, decision))
                            .as("%s by %s", decision, moment.input())
                            .isTrue();
                }
                state = next;
            }
            book.said(moment);
        }
        Statistics.label("weights risen").collect(atMost(5, risen));
    }

    @Property
    void afterAFailureNothingRaisesTheWeightBeforeANewRevisionOrAPersonsRetry(@ForAll("stories") Story story) {
        Optional<String> failed = Optional.empty();
        int failures = 0;
        for (var moment : story.moments) {
            if (failed.isPresent() && moment.input() instanceof Heard(RevisionDetected detected)) {
                var sameAs = detected.sameAs();
                failed = failed.equals(sameAs)
                        ? Optional.of(detected.revision())
                        : failed.filter(detected.revision()::equals);
            }
            var state = behindInput(moment);
            if (state.phase() instanceof New) {
                failed = Optional.empty();
            }
            for (var decision : moment.decisions()) {
                boolean broken = state.run().filter(RolloutState.Run::broken).isPresent();
                var before = state;
                state = RolloutDecider.evolve(state, decision);
                switch (decision) {
                    case RollbackStarted back
                    when !broken -> {
                        assertThat(state.desired().canary()).isEqualTo(Percent.ZERO);
                        // A target that was reverted has not failed; and a rollback is decided once more after a hand.
                        boolean fails = back.cause() != RollbackStarted.Cause.TARGET_REVERTED
                                && !(before.phase() instanceof RollingBack);
                        failed = fails ? before.run().map(RolloutState.Run::revision) : failed;
                        failures += fails ? 1 : 0;
                    }
                    case RolloutStarted started -> {
                        if (failed.isPresent() && started.by().isEmpty()) {
                            assertThat(started.to()).as("%s", moment).isNotEqualTo(failed.get());
                        }
                        failed = Optional.empty();
                    }
                    case InitializationStarted _, PromotionStarted _ -> failed = Optional.empty();
                    default -> {}
                }
            }
            if (state.phase() instanceof RollingBack at && !at.run().broken()
                    || state.phase() instanceof Idle idle && failed.isPresent() && !idle.broken()) {
                assertThat(moment.after().desired().canary()).as("%s", moment).isEqualTo(Percent.ZERO);
            }
        }
        Statistics.label("failures").collect(atMost(3, failures));
    }

    @Property
    void thePrimaryReceivesOnlyARevisionThatPassedWasSkippedThroughOrPromotedByAPerson(@ForAll("stories") Story story) {
        var book = new Book(story);
        var earned = new HashSet<>(Set.of(""));
        int promotions = 0;
        for (var moment : story.moments) {
            book.heard(moment);
            if (moment.input() instanceof Heard(RevisionDetected detected)
                    && detected.sameAs().filter(earned::contains).isPresent()) {
                earned.add(detected.revision());
            }
            var state = behindInput(moment);
            for (var decision : moment.decisions()) {
                if (decision instanceof InitializationStarted(var revision)) {
                    earned.add(revision);
                }
                if (decision instanceof PromotionStarted && !(state.phase() instanceof Promoting)) {
                    promotions++;
                    assertThat(book.mayPromote(moment, state)).as("%s", moment).isTrue();
                    earned.add(state.run().orElseThrow().revision());
                }
                state = RolloutDecider.evolve(state, decision);
            }
            assertThat(earned).as("%s", moment).contains(state.desired().primary(), state.promoted());
            book.said(moment);
        }
        Statistics.label("promotions").collect(atMost(3, promotions));
    }

    /// A person may do as he likes.
    @Property
    void whileASuspectPodStandsNothingRisesAndItGoesOrTheRolloutDoes(@ForAll("suspicions") Story story) {
        int replaced = 0;
        for (var moment : story.moments) {
            var before = moment.before();
            boolean suspect = before.phase() instanceof Progressing at
                    && at.replaced().filter(pod -> !pod.gone()).isPresent();
            if (!suspect) {
                continue;
            }
            replaced++;
            assertThat(before.desired().without()).as("%s", moment).isPresent();
            boolean byAPerson = moment.input() instanceof Heard(OperatorCommanded _)
                    || before.known().spec().filter(CanarySpec::skipAnalysis).isPresent()
                    || moment.input() instanceof Heard(CanaryApplied _)
                    || before.phase() instanceof Progressing at && at.promote();
            if (!byAPerson) {
                assertThat(moment.after()
                                .desired()
                                .canary()
                                .isAbove(before.desired().canary()))
                        .as("%s", moment)
                        .isFalse();
                assertThat(moment.after().phase()).as("%s", moment).isNotInstanceOf(Promoting.class);
            }
            if (moment.input() instanceof Tick) {
                assertThat(moment.decisions())
                        .as("%s", moment)
                        .allMatch(said -> said instanceof RollbackStarted || said instanceof CanaryParked);
            }
        }
        Statistics.label("moments with a suspect pod").collect(atMost(3, replaced));
    }

    @Property
    void noRevisionIsLost(@ForAll("stories") Story story) {
        var began = story.moments.size();
        assertThat(story.endsInAFairWorld()).as(story.tail()).isTrue();

        if (story.state.phase() instanceof Idle idle) {
            assertThat(story.state.known().revision()).isEqualTo(story.template());
            assertThat(story.template()).isIn(story.state.promoted(), idle.tried());
            if (!story.template().equals(story.state.promoted())) { // then it was tried, and failed or was taken back
                assertThat(story.moments.stream().flatMap(it -> it.decisions().stream()))
                        .anyMatch(said -> said instanceof RollbackStarted || said instanceof PromotionFailed);
            }
        }
        Statistics.label("ends").collect(story.place());
        Statistics.label("inputs to the end").collect((story.moments.size() - began) / 10 * 10);
    }

    @Property
    void aFairWorldEndsEveryRollout(@ForAll("stories") Story story) {
        var from = story.place();
        assertThat(story.endsInAFairWorld()).as(story.tail()).isTrue();

        var state = story.state;
        assertThat(RolloutDecider.nextDue(state)).isEmpty();
        if (story.exists()) {
            assertThat(state.phase()).isInstanceOf(Idle.class);
            assertThat(state.desired()).isEqualTo(state.confirmed());
            if (state.phase() instanceof Idle idle && !idle.canary().isAbove(Percent.ZERO)) {
                assertThat(state.desired().canaryUp())
                        .as("pods that nobody needs")
                        .isFalse();
            }
        } else {
            assertThat(state.phase()).isInstanceOf(New.class);
        }
        Statistics.label("from").collect(from);
    }

    @Property
    void foldingTheLogUpToAnyRecordAndGoingOnDecidesTheSame(@ForAll("stories") Story story) {
        var folded = RolloutState.NEW;
        int decisions = 0;
        for (var moment : story.moments) {
            assertThat(folded).isEqualTo(moment.before());
            if (!moment.decisions().stream().allMatch(CanaryParked.class::isInstance)) {
                assertThat(RolloutDecider.decide(folded, moment.input(), moment.now()))
                        .isEqualTo(moment.decisions());
            }
            if (moment.input() instanceof Heard(var event)) {
                folded = RolloutDecider.evolve(folded, event);
            }
            for (var decision : moment.decisions()) {
                folded = RolloutDecider.evolve(folded, decision);
            }
            decisions += moment.decisions().size();
        }
        assertThat(folded).isEqualTo(story.state);
        Statistics.label("decisions").collect(atMost(20, decisions / 5 * 5));
    }

    @Property
    void everyTickMovesTheNextDueInstantOn(@ForAll("stories") Story story) {
        int ticks = 0;
        for (var moment : story.moments) {
            if (moment.input() instanceof Tick
                    && RolloutDecider.nextDue(moment.before()).equals(Optional.of(moment.now()))) {
                ticks++;
                RolloutDecider.nextDue(moment.after())
                        .ifPresent(due -> assertThat(due).as("%s", moment).isAfter(moment.now()));
            }
            // So does one that is late, or comes at once.
            var state = moment.after();
            for (int tick = 0; tick < 3; tick++) {
                var due = RolloutDecider.nextDue(state);
                if (due.isEmpty()) {
                    break;
                }
                state = ticked(state, due.get());
                RolloutDecider.nextDue(state)
                        .ifPresent(next -> assertThat(next).as("%s", moment).isAfter(due.get()));
            }
        }
        Statistics.label("ticks").collect(atMost(5, ticks));
    }

    @Property
    void seqCountsEachDecisionAndNeverRestarts(@ForAll("stories") Story story) {
        long seq = 0;
        long rollouts = 0;
        for (var moment : story.moments) {
            assertThat(behindInput(moment).seq()).as("%s", moment).isEqualTo(seq);
            seq += moment.decisions().size();
            assertThat(moment.after().seq()).as("%s", moment).isEqualTo(seq);
            assertThat(moment.after().wantedBy()).isLessThanOrEqualTo(seq);
            assertThat(moment.after().rollouts()).isGreaterThanOrEqualTo(rollouts);
            rollouts = moment.after().rollouts();
            if (!moment.before().desired().equals(moment.after().desired())
                    && !(moment.after().phase() instanceof New)
                    && moment.before().desired().canary().equals(Percent.ZERO)) {
                // A raise is a write of its own: an older one with the same seq would be refused.
                if (moment.after().desired().canary().isAbove(Percent.ZERO)
                        && !(moment.input() instanceof Heard(PrimaryInitialized _))) {
                    assertThat(moment.after().wantedBy())
                            .isGreaterThan(moment.before().wantedBy());
                }
            }
        }
        Statistics.label("rollouts").collect(atMost(4, (int) rollouts));
    }

    @Property(tries = 200)
    void everyInputIsAnsweredInEveryPhase(@ForAll("stories") Story story) {
        var phases = new HashSet<String>();
        for (var moment : story.moments) {
            var state = moment.after();
            phases.add(state.phase().getClass().getSimpleName());
            for (var input : everything(state)) {
                var next = input instanceof Heard(var event) ? RolloutDecider.evolve(state, event) : state;
                for (var decision : RolloutDecider.decide(state, input, moment.now())) {
                    next = RolloutDecider.evolve(next, decision);
                }
                assertThat(RolloutDecider.desired(next)).isNotNull();
                assertThat(RolloutDecider.nextDue(next)).isNotNull();
                assertThat(CanaryStatus.of(next).message()).isNotEmpty();
            }
        }
        phases.forEach(phase -> Statistics.label("phases").collect(phase));
    }

    @Property(tries = 200)
    void aLabelChangesNothingInAnyPhase(@ForAll("stories") Story story) {
        for (var moment : story.moments) {
            var state = moment.after();
            var number =
                    state.run().map(RolloutState.Run::id).map(RolloutId::number).orElse(1L);
            for (var outcome : RolloutLabelled.Outcome.values()) {
                var label = new RolloutLabelled("label-" + outcome, number, outcome, "bob", "");

                assertThat(RolloutDecider.decide(state, new Heard(label), moment.now()))
                        .as("%s", moment)
                        .isEmpty();
                assertThat(RolloutDecider.evolve(state, label)).isEqualTo(state);
            }
        }
    }

    private static RolloutState ticked(RolloutState state, Instant due) {
        var next = state;
        for (var decision : RolloutDecider.decide(state, new Tick(), due)) {
            next = RolloutDecider.evolve(next, decision);
        }
        return next;
    }

    private static RolloutState behindInput(Moment moment) {
        return moment.input() instanceof Heard(var event)
                ? RolloutDecider.evolve(moment.before(), event)
                : moment.before();
    }

    /// At most this much of the traffic may be the canary's.
    private static Percent planned(RolloutState state) {
        return switch (state.phase()) {
            case Progressing at when at.run().broken() -> Percent.ALL;
            case Progressing at ->
                at.step() < 0
                        ? Percent.ZERO
                        : at.run().plan().steps().get(at.step()).canary();
            case Waiting at -> at.run().broken() ? Percent.ALL : Percent.ZERO;
            case RollingBack at -> at.run().broken() ? Percent.ALL : Percent.ZERO;
            case Promoting at when at.run().broken() -> Percent.ALL;
            case Promoting at
            when at.step() >= 0 ->
                at.run().plan().spec().strategy() instanceof Strategy.BlueGreen
                        ? Percent.ALL
                        : at.run().plan().steps().get(at.step()).canary();
            case Promoting _ -> Percent.ZERO;
            // What was found at first sight, and a canary whose primary is broken.
            case Idle at when at.broken() || at.rollout().isEmpty() -> Percent.ALL;
            case RolloutState.Phase.Terminating at -> at.canary();
            case RolloutState.Phase _ -> Percent.ZERO;
        };
    }

    /// What was heard and asked for, kept apart from the state that is to be proven.
    private static final class Book {
        private record Step(RolloutId rollout, int step) {}

        private final Story story;
        private final Map<Step, Set<String>> passed = new HashMap<>();
        private final Set<RolloutId> asked = new HashSet<>();
        private long command = -1;

        Book(Story story) {
            this.story = story;
        }

        void heard(Moment moment) {
            var run = moment.before().run();
            if (moment.input() instanceof Heard(CheckCompleted check) && check.verdict() == Verdict.PASSED) {
                passed.computeIfAbsent(new Step(check.rollout(), check.step()), _ -> new HashSet<>())
                        .add(moment.before().wantedBy() + "/" + check.look());
            }
            if (moment.input() instanceof Heard(OperatorCommanded person) && person.verb() == Verb.PROMOTE) {
                run.ifPresent(it -> asked.add(it.id()));
            }
        }

        void said(Moment moment) {
            command = moment.after().seq();
        }

        boolean mayRaise(Moment moment, RolloutState state, RouterDecision decision) {
            return switch (decision) {
                case StepStarted(var rollout, int step, var _, var _, var _, var _) ->
                    state.phase() instanceof Progressing at
                            && (step <= at.step()
                                    || step == at.step() + 1
                                            && (commands(moment, Verb.SKIP_STEP) || hasPassed(at, at.step())))
                            && rollout.equals(at.run().id());
                case PromotionStarted _ ->
                    state.phase() instanceof Promoting
                            || state.run().orElseThrow().plan().spec().strategy() instanceof Strategy.BlueGreen
                                    && mayPromote(moment, state);
                // The primary doesn't come up: the canary, proven, keeps the traffic. Only that one.
                case PromotionFailed _ ->
                    state.known().revision().equals(state.run().orElseThrow().revision());
                default -> false;
            };
        }

        boolean mayPromote(Moment moment, RolloutState state) {
            if (!(state.phase() instanceof Progressing at)) {
                return false;
            }
            boolean last = at.step() >= 0 && at.run().plan().isLast(at.step());
            boolean skipped =
                    state.known().spec().filter(CanarySpec::skipAnalysis).isPresent();
            return asked.contains(at.run().id())
                    || skipped
                    || last && (commands(moment, Verb.SKIP_STEP) || hasPassed(at, at.step()));
        }

        private boolean hasPassed(Progressing at, int step) {
            if (step < 0) { // the canary is to be ready
                return true;
            }
            int checks = at.run().plan().steps().get(step).checks();
            return passed.getOrDefault(new Step(at.run().id(), step), Set.of()).size() >= checks;
        }

        private static boolean commands(Moment moment, Verb verb) {
            return moment.input() instanceof Heard(OperatorCommanded person) && person.verb() == verb;
        }
    }

    /// One of each, as wrong as they come.
    private static List<RolloutInput> everything(RolloutState state) {
        var mine = state.run().map(RolloutState.Run::id).orElse(new RolloutId(7, "v1:x"));
        var other = new RolloutId(99, "v1:other");
        var all = new ArrayList<RolloutEvent>();
        for (var id : List.of(mine, other)) {
            for (int step : new int[] {-1, 0, 1, 99}) {
                for (var verdict : Verdict.values()) {
                    all.add(new CheckCompleted(id, step, 1000, verdict, List.of(), List.of()));
                    all.add(new CheckCompleted(id, step, -1, verdict, List.of(), List.of()));
                }
                all.add(new GuardTripped(id, step, 1, "p99", 4, 0.1, "slow"));
                all.add(new BudgetSpent(id, step, 1, "p99", 50, 50, "slow", List.of()));
                all.add(Story.suspected(id, "pod-" + step));
            }
            for (var kind : HookKind.values()) {
                for (var outcome : GateDecided.Outcome.values()) {
                    all.add(new GateDecided(id, kind, 0, 1000, outcome, "gate", Optional.empty(), ""));
                }
            }
            all.add(new EvidenceRecorded(id, 0, List.of()));
            all.add(new TrafficMeasured(id, 0, Duration.ofSeconds(3)));
            all.add(new TrafficMeasured(id, 1_000_000, Duration.ofSeconds(3)));
            all.add(new MetricsMeasured(id, 0, 0, "", new TreeMap<>(), List.of()));
        }
        for (var verb : Verb.values()) {
            all.add(new OperatorCommanded("fresh-" + verb, verb, "bob", ""));
        }
        for (long seq : new long[] {0, state.confirmed().seq(), state.wantedBy(), state.seq() + 5}) {
            for (var share : List.of(Percent.ZERO, Percent.of("33"), Percent.ALL)) {
                all.add(new TrafficShifted(seq, share, share, Duration.ZERO));
                all.add(new RouteChangedByHand(seq, share, share, "eve"));
                all.add(new WentBlind(seq, share, Duration.ZERO));
                all.add(new PrimaryInitialized(seq, true, share, Duration.ZERO));
                all.add(new PrimaryInitialized(seq, false, share, Duration.ZERO));
                all.add(new PrimaryInitialized(seq, true, share, Duration.ZERO, Optional.of(state.seq() + 7)));
            }
            for (var revision : List.of("", "v1:one", mine.revision())) {
                all.add(new PrimaryUpdated(seq, revision, Duration.ZERO));
            }
            all.add(new CanaryScaled(seq, 0, Duration.ZERO));
            all.add(new CanaryScaled(seq, 3, Duration.ZERO));
            all.add(new PodRemoved(seq, "pod-1", Duration.ZERO));
            all.add(new TargetRestored(seq, Duration.ZERO));
            all.add(new WriteFailed(seq, "route", "no", Duration.ZERO));
        }
        for (var revision : List.of("", "v1:one", "v1:unheard", mine.revision(), state.promoted())) {
            for (var role : Role.values()) {
                all.add(new WorkloadChanged(
                        "x", role, true, revision, new Replicas(2, 2, 2, 2, true), Optional.empty()));
                all.add(new WorkloadChanged("x", role, false, revision, Replicas.NONE, Optional.of("stuck")));
            }
            all.add(new RevisionDetected(revision, Optional.empty(), List.of(), List.of(), new TreeMap<>()));
            all.add(new RevisionDetected(revision + "'", Optional.of(revision), List.of(), List.of(), new TreeMap<>()));
        }
        for (var spec : specs()) {
            all.add(new CanaryApplied("uid-1", 1, spec));
            all.add(new CanaryApplied("uid-other", 1, World.live(spec, true, true)));
        }
        all.add(new CanaryDeleted("uid-1", true));
        all.add(new CanaryDeleted("uid-1", false));
        all.add(new CanaryDeleted(state.known().uid(), true));
        all.add(new CanaryDeleted(state.known().uid(), false));
        all.add(new CanaryRejected("Canary", "spec", "no", "nothing"));
        return Stream.concat(
                        all.stream().<RolloutInput>map(Heard::new),
                        RolloutDecider.nextDue(state).isPresent() ? Stream.of(new Tick()) : Stream.empty())
                .toList();
    }

    private static List<CanarySpec> specs() {
        var weights = List.of(Percent.of("5"), Percent.of("10"), Percent.of("50"));
        var match = List.of(new HttpMatch(
                new TreeMap<>(Map.of("x-canary", new HttpMatch.StringMatch(HttpMatch.Kind.EXACT, "insider"))),
                new TreeMap<>(),
                new TreeMap<>()));
        var gates = new HookSpec[] {
            hook(HookKind.CONFIRM_ROLLOUT),
            hook(HookKind.PRE_ROLLOUT),
            hook(HookKind.CONFIRM_TRAFFIC_INCREASE),
            hook(HookKind.CONFIRM_PROMOTION),
            hook(HookKind.ROLLBACK)
        };
        return List.of(
                World.spec(),
                World.budgeted(World.spec(), 20),
                World.spec(new Strategy.Progressive(weights, Percent.of("20"))),
                World.spec(new Strategy.BlueGreen(2)),
                World.spec(new Strategy.AbTesting(2, match)),
                World.spec(new Strategy.Progressive(weights, Percent.of("20")), gates),
                World.spec(new Strategy.BlueGreen(1), gates),
                World.live(World.spec(), true, false));
    }

    /// In the midst of a rollout a pod of the canary is suspect.
    @Provide
    Arbitrary<Story> suspicions() {
        var wells = Arbitraries.integers().between(2, 9);
        return Combinators.combine(
                        Arbitraries.of(specs()), wells, moves().list().ofMaxSize(30))
                .as((spec, well, rest) -> {
                    var script = new ArrayList<>(begin());
                    script.add(new Move(What.WELL, well, 0));
                    script.add(new Move(What.SUSPECT, 1, 1));
                    script.addAll(rest);
                    return Story.of(spec, script);
                });
    }

    @Provide
    Arbitrary<Story> stories() {
        return Combinators.combine(
                        Arbitraries.of(specs()),
                        Arbitraries.integers().between(0, 9),
                        moves().list().ofMaxSize(60))
                .as((spec, early, rest) -> {
                    var script = new ArrayList<Move>(early == 0 ? List.of() : begin());
                    script.addAll(rest);
                    return Story.of(spec, script);
                });
    }

    private static List<Move> begin() {
        return List.of(
                new Move(What.ANSWER, 0, 0),
                new Move(What.PRIMARY_READY, 0, 0),
                new Move(What.ANSWER, 0, 0),
                new Move(What.REVISION, 0, 1),
                new Move(What.ANSWER, 0, 0));
    }

    private static Arbitrary<Move> moves() {
        var kinds = Arbitraries.frequency(
                Tuple.of(3, What.REVISION),
                Tuple.of(1, What.RENAMED),
                Tuple.of(10, What.READY),
                Tuple.of(2, What.UNREADY),
                Tuple.of(6, What.PRIMARY_READY),
                Tuple.of(2, What.PRIMARY_UNREADY),
                Tuple.of(2, What.OLD_NEWS),
                Tuple.of(22, What.ANSWER),
                Tuple.of(4, What.WRITE),
                Tuple.of(4, What.LATE),
                Tuple.of(1, What.LOSE),
                Tuple.of(5, What.REPEAT),
                Tuple.of(14, What.CHECK),
                Tuple.of(1, What.GUARD),
                Tuple.of(3, What.TRAFFIC),
                Tuple.of(2, What.SUSPECT),
                Tuple.of(8, What.GATE),
                Tuple.of(4, What.COMMAND),
                Tuple.of(2, What.HAND),
                Tuple.of(1, What.BLIND),
                Tuple.of(2, What.SPEC),
                Tuple.of(1, What.REJECT),
                Tuple.of(1, What.DELETE),
                Tuple.of(1, What.REFUSE),
                Tuple.of(1, What.PARK),
                Tuple.of(9, What.WELL),
                Tuple.of(4, What.DUE),
                Tuple.of(5, What.TIME));
        var numbers = Arbitraries.integers().between(0, 59);
        return Combinators.combine(kinds, numbers, numbers).as(Move::new);
    }

    private static int atMost(int most, int count) {
        return Integer.min(most, count);
    }
}
