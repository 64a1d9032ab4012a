package dev.aviary.decisions.rollout;

import dev.aviary.decisions.CanaryLike;
import dev.aviary.decisions.rollout.Desired.Stage;
import dev.aviary.decisions.rollout.RolloutInput.Heard;
import dev.aviary.decisions.rollout.RolloutInput.Tick;
import dev.aviary.decisions.rollout.RolloutState.Phase;
import dev.aviary.decisions.rollout.RolloutState.Phase.Idle;
import dev.aviary.decisions.rollout.RolloutState.Phase.Parked;
import dev.aviary.decisions.rollout.RolloutState.Phase.Progressing;
import dev.aviary.decisions.rollout.RolloutState.Phase.Waiting;
import dev.aviary.events.*;
import dev.aviary.events.GateDecided.Outcome;
import dev.aviary.events.OperatorCommanded.Verb;
import dev.aviary.events.WorkloadChanged.Role;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;

/// A canary's life, move by move: a cluster of its own, a reconciler whose answers may be late, lost or repeated,
/// senders that repeat themselves, people who command and who meddle.
final class Story extends World {
    /// What one input led to.
    record Moment(
            RolloutInput input, Instant now, RolloutState before, List<RouterDecision> decisions, RolloutState after) {}

    /// @param a which one, of what the move chooses from
    /// @param b how it goes
    record Move(What what, int a, int b) {}

    enum What {
        REVISION,
        RENAMED,
        READY,
        UNREADY,
        PRIMARY_READY,
        PRIMARY_UNREADY,
        OLD_NEWS,
        ANSWER,
        WRITE,
        LATE,
        LOSE,
        REPEAT,
        CHECK,
        GUARD,
        TRAFFIC,
        SUSPECT,
        GATE,
        COMMAND,
        HAND,
        BLIND,
        SPEC,
        REJECT,
        DELETE,
        REFUSE,
        PARK,
        WELL,
        DUE,
        TIME
    }

    private static final List<String> REVISIONS = List.of("v1:one", "v1:two", "v1:three", "v1:four");
    private static final List<Percent> SHARES =
            List.of(Percent.ZERO, Percent.of("3"), Percent.of("10"), Percent.of("60"), Percent.ALL);
    /// More inputs than any rollout needs in a world that does what it is asked.
    private static final int ENOUGH = 300;

    final List<Moment> moments = new ArrayList<>();
    private final List<RouterOutcome> late = new ArrayList<>();
    private CanarySpec spec;
    private long uid = 1;
    private boolean exists = true;
    private boolean deleting;
    private String template = "";
    private boolean up = true;
    private boolean ready = true;
    private String primary = "";
    private boolean primaryIsReady;
    private boolean leads;
    private Percent route = Percent.ZERO;
    private int commands;

    private Story(CanarySpec spec) {
        this.spec = spec;
    }

    static Story of(CanarySpec spec, List<Move> script) {
        var story = new Story(spec);
        story.hear(new CanaryApplied(story.uid(), 1, spec));
        story.deploy(OLD);
        script.forEach(story::play);
        return story;
    }

    @Override
    List<RouterDecision> feed(RolloutInput input) {
        var before = state;
        var decisions = super.feed(input);
        moments.add(new Moment(input, now, before, decisions, state));
        return decisions;
    }

    /// From now on everybody does what is asked of him, and once. True if the story comes to its end.
    boolean endsInAFairWorld() {
        late.clear();
        int from = moments.size();
        beFair();
        while (moments.size() - from < ENOUGH) {
            if (!goesOn()) {
                return true;
            }
        }
        return false;
    }

    private boolean goesOn() {
        return answer() || observe() || judge() || tickIfDue();
    }

    /// For a while nothing goes wrong.
    private void well(int moves) {
        for (int move = 0; move < moves; move++) {
            goesOn();
        }
    }

    private void beFair() {
        if (exists && spec.suspended()) {
            spec = live(spec, spec.skipAnalysis(), false);
        }
        if (!exists) {
            hear(new CanaryDeleted(uid(), false));
        } else if (!deleting && !state.known().spec().equals(Optional.of(spec))) {
            hear(new CanaryApplied(uid(), 9, spec));
        }
        if (!state.known().revision().equals(template)) {
            revision(template);
        }
        if (state.paused()) {
            command(Verb.RESUME);
        }
        if (state.phase() instanceof Parked) {
            command(Verb.RETRY);
        }
    }

    /// A controller says what changed, and only that.
    private boolean observe() {
        if (!exists) {
            return false;
        }
        if (up) {
            ready = true;
        }
        primaryIsReady = !primary.isEmpty();
        var target =
                new WorkloadChanged("checkout", Role.TARGET, true, template, replicas(up, ready), Optional.empty());
        var copy = new WorkloadChanged(
                "checkout-primary",
                Role.PRIMARY,
                !primary.isEmpty(),
                primary,
                replicas(!primary.isEmpty(), primaryIsReady),
                Optional.empty());
        boolean one = changed(target, state.known().target());
        boolean other = changed(copy, state.known().primary());
        return one || other;
    }

    private boolean changed(WorkloadChanged found, RolloutState.Side known) {
        boolean news = !known.revision().equals(found.revision())
                || !known.replicas().equals(found.replicas())
                || !known.stuck().equals(found.stuck());
        if (news) {
            hear(found);
        }
        return news;
    }

    private boolean judge() {
        return switch (state.phase()) {
            case Waiting at -> {
                boolean gated = at.run().plan().spec().has(HookKind.CONFIRM_ROLLOUT);
                if (gated) {
                    gate(HookKind.CONFIRM_ROLLOUT, 99, Outcome.OPENED);
                }
                yield gated;
            }
            case Progressing at
            when at.awaited().isPresent() -> {
                gate(at.awaited().get(), at.attempt() + 1, Outcome.OPENED);
                yield true;
            }
            case Progressing at
            when at.step() >= 0 -> {
                now = now.plusSeconds(10);
                check(at.step(), at.look() + 1, Verdict.PASSED);
                yield true;
            }
            case Phase _ -> false;
        };
    }

    private boolean tickIfDue() {
        boolean due = RolloutDecider.nextDue(state).isPresent();
        if (due) {
            tickAtDue();
        }
        return due;
    }

    private void tickAtDue() {
        var wall = now;
        tick();
        now = now.isBefore(wall) ? wall : now;
    }

    private void play(Move move) {
        int a = move.a();
        int b = move.b();
        switch (move.what()) {
            case REVISION -> roll(REVISIONS.get(a % REVISIONS.size()), b % 8 != 0);
            case RENAMED -> rename();
            case READY -> {
                ready = up;
                workload(Role.TARGET, template, ready);
            }
            case UNREADY -> {
                ready = false;
                workload(Role.TARGET, template, false);
            }
            case PRIMARY_READY -> {
                primaryIsReady = true;
                workload(Role.PRIMARY, primary, true);
            }
            case PRIMARY_UNREADY -> {
                primaryIsReady = false;
                workload(Role.PRIMARY, primary, false);
            }
            case OLD_NEWS -> workload(Role.values()[a % 2], REVISIONS.get(b % REVISIONS.size()), b % 3 != 0);
            case ANSWER -> answer();
            case WRITE -> late.addAll(write());
            case LATE ->
                one(late, a).ifPresent(outcome -> {
                    late.remove(outcome);
                    hear(outcome);
                });
            case LOSE -> one(late, a).ifPresent(late::remove);
            case REPEAT -> repeat(a);
            case CHECK -> checked(a, b);
            case GUARD ->
                aRollout(a)
                        .ifPresent(id -> hear(
                                b % 4 == 0
                                        ? new BudgetSpent(id, b % 3, b, "p99", 50, 50, "slow", List.of())
                                        : new GuardTripped(id, b % 3, b, "p99", 5, 0.01, "slow")));
            case TRAFFIC ->
                aRollout(a).ifPresent(id -> hear(new TrafficMeasured(id, 10L * b, Duration.ofSeconds(3 + a % 3))));
            case SUSPECT -> aRollout(a).ifPresent(id -> hear(suspected(id, "pod-" + b % 3)));
            case GATE -> gated(a, b);
            case COMMAND -> {
                if (b % 5 == 0 && commands > 0) {
                    command("" + commands, Verb.values()[a % Verb.values().length]); // an id that is known
                } else {
                    command(Verb.values()[a % Verb.values().length]);
                }
            }
            case HAND -> {
                route = SHARES.get(a % SHARES.size());
                hear(new RouteChangedByHand(
                        state.confirmed().seq(), state.confirmed().canary(), route, "kubectl"));
            }
            case BLIND -> {
                route = Percent.ZERO;
                hear(new WentBlind(state.confirmed().seq(), route, Duration.ofSeconds(30)));
            }
            case SPEC -> edit(a, b);
            case REJECT ->
                hear(new CanaryRejected("Canary", "spec.analysis.interval", "is no duration", "It goes on."));
            case DELETE -> delete(b % 2 == 0);
            case REFUSE -> hear(new WriteFailed(state.wantedBy(), "route", "forbidden", Duration.ofSeconds(1)));
            case PARK -> {
                var parked = new CanaryParked("a record can't be read", "offset 9", "retry");
                var before = state;
                state = RolloutDecider.evolve(state, parked);
                moments.add(new Moment(new Tick(), now, before, List.of(parked), state));
            }
            case WELL -> well(a % 15);
            case DUE -> tickIfDue();
            case TIME -> pass(Duration.ofSeconds(1 + a));
        }
    }

    private void deploy(String revision) {
        roll(revision, true);
        ready = true;
    }

    private void roll(String revision, boolean said) {
        if (!template.equals(revision)) {
            template = revision;
            ready = false;
        }
        if (said) {
            revision(revision);
        }
    }

    /// The detector was updated: it calls the same content otherwise.
    private void rename() {
        var before = template;
        template = before.contains("v2") ? before : before.replace("v1", "v2");
        hear(new RevisionDetected(template, Optional.of(before), List.of(), List.of(), new TreeMap<>()));
    }

    private void workload(Role role, String revision, boolean available) {
        boolean there = role == Role.TARGET ? up : !primary.isEmpty();
        hear(new WorkloadChanged("checkout", role, true, revision, replicas(there, available), Optional.empty()));
    }

    private static Replicas replicas(boolean there, boolean available) {
        return there ? new Replicas(1, 1, available ? 1 : 0, 1, true) : Replicas.NONE;
    }

    private void repeat(int back) {
        var heard = moments.stream()
                .map(Moment::input)
                .filter(input -> input instanceof Heard(var event) && !isOfAnEarlierCanary(event))
                .toList();
        one(heard.reversed(), back).ifPresent(this::feed);
    }

    /// Its one sender keeps the order.
    private boolean isOfAnEarlierCanary(RolloutEvent event) {
        return event instanceof CanaryApplied applied && !applied.uid().equals(uid());
    }

    private void checked(int a, int b) {
        var verdict = switch (a % 10) {
            case 0 -> Verdict.INCONCLUSIVE;
            case 1, 2, 3 -> Verdict.FAILED;
            default -> Verdict.PASSED;
        };
        if (state.phase() instanceof Progressing at && b % 6 != 0) {
            check(at.step(), at.look() + 1, verdict);
        } else {
            aRollout(b)
                    .ifPresent(
                            id -> hear(new CheckCompleted(id, a % 3, b % 4, verdict, List.of(), List.of("somehow"))));
        }
    }

    private void gated(int a, int b) {
        var outcome = a % 4 == 0 ? Outcome.CLOSED : a % 4 == 1 ? Outcome.FAILED : Outcome.OPENED;
        var awaited = switch (state.phase()) {
            case Waiting _ -> Optional.of(HookKind.CONFIRM_ROLLOUT);
            case Progressing at -> at.awaited();
            case Phase _ -> Optional.<HookKind>empty();
        };
        int attempt = state.phase() instanceof Progressing at ? at.attempt() + 1 : 0;
        if (awaited.isPresent() && b % 5 != 0) {
            gate(awaited.get(), attempt, outcome);
        } else {
            aRollout(a)
                    .ifPresent(id -> hear(new GateDecided(
                            id,
                            HookKind.values()[b % HookKind.values().length],
                            0,
                            b,
                            outcome,
                            "gate",
                            Optional.empty(),
                            "so")));
        }
    }

    static PodSuspected suspected(RolloutId rollout, String pod) {
        var judged = new GuardResult.Tally(9, 9);
        var others = new GuardResult.Tally(0, 9);
        return new PodSuspected(rollout, 0, 1, "p99", pod, "node", judged, others, .001, 7, .001, "slow", List.of());
    }

    private Optional<RolloutId> aRollout(int which) {
        return which % 4 == 0 ? Optional.of(new RolloutId(1, NEW)) : state.run().map(RolloutState.Run::id);
    }

    private void command(Verb verb) {
        command("" + ++commands, verb);
    }

    private void edit(int a, int b) {
        if (exists && deleting) {
            return;
        }
        boolean again = !exists;
        if (again || b % 15 == 0) { // another Canary of the same name
            uid++;
            exists = true;
            deleting = false;
        }
        switch (a % 12) {
            case 0, 1 -> spec = live(spec, spec.skipAnalysis(), !spec.suspended());
            case 2, 3 -> spec = live(spec, !spec.skipAnalysis(), spec.suspended());
            case 4 -> retarget();
            case 5 -> spec = elsewhere(spec, spec.target().name(), "istio");
            default -> {}
        }
        hear(new CanaryApplied(uid(), b, spec));
        if (a % 12 == 4) {
            revision(template);
        }
    }

    private void retarget() {
        spec = elsewhere(spec, spec.target().name() + "x", spec.provider());
        template = REVISIONS.get(spec.target().name().length() % REVISIONS.size());
        primary = "";
        leads = false;
        up = true;
        ready = true;
        route = Percent.ZERO;
    }

    private void delete(boolean reverts) {
        if (!exists || deleting) {
            return;
        }
        hear(new CanaryDeleted(uid(), reverts));
        deleting = reverts;
        exists = reverts && exists;
        if (!exists) {
            primary = "";
            leads = false;
        }
    }

    private void pass(Duration time) {
        var until = now.plus(time);
        var due = RolloutDecider.nextDue(state);
        for (int ticks = 0; ticks < 20 && due.isPresent() && !due.get().isAfter(until); ticks++) {
            tickAtDue();
            due = RolloutDecider.nextDue(state);
        }
        now = until.isAfter(now) ? until : now;
    }

    /// The reconciler writes, and its answers are heard; false if nothing was to be done.
    private boolean answer() {
        boolean wished = exists
                && state.desired().stage() != Stage.NOTHING
                && !state.desired().equals(state.confirmed());
        if (wished) {
            write().forEach(this::hear);
        }
        return wished;
    }

    /// As the router's `Cluster`: what differs from what was confirmed is written and answered, the route always.
    private List<RouterOutcome> write() {
        var wanted = state.desired();
        var confirmed = state.confirmed();
        long seq = wanted.seq();
        var done = new ArrayList<RouterOutcome>();
        if (!exists) {
            return done;
        }
        switch (wanted.stage()) {
            case NOTHING -> {}
            case BOOTSTRAP -> {
                if (leads) {
                    done.add(new PrimaryInitialized(seq, true, route, Duration.ZERO));
                } else if (promotes(wanted.primary())) {
                    done.add(new PrimaryUpdated(seq, primary, Duration.ZERO));
                }
            }
            case SERVING -> {
                if (confirmed.stage() == Stage.BOOTSTRAP && !wanted.primary().isEmpty()) {
                    leads = true;
                    route = Percent.ZERO;
                    scale(wanted.canaryUp());
                    done.add(new PrimaryInitialized(seq, false, route, Duration.ZERO));
                } else {
                    serve(wanted, confirmed, done);
                }
            }
            case RESTORED -> {
                leads = false;
                primary = "";
                scale(true);
                exists = false;
                done.add(new TargetRestored(seq, Duration.ZERO));
            }
        }
        return done;
    }

    private void serve(Desired wanted, Desired confirmed, List<RouterOutcome> done) {
        long seq = wanted.seq();
        route = wanted.canary();
        done.add(new TrafficShifted(seq, route, wanted.mirror(), Duration.ZERO));
        if (!wanted.primary().isEmpty() && !wanted.primary().equals(confirmed.primary())) {
            if (!promotes(wanted.primary())) {
                done.add(new WriteFailed(seq, "primary", "the target runs another revision", Duration.ZERO));
                return;
            }
            done.add(new PrimaryUpdated(seq, primary, Duration.ZERO));
        }
        if (!wanted.without().equals(confirmed.without())) {
            wanted.without().ifPresent(pod -> done.add(new PodRemoved(seq, pod, Duration.ZERO)));
        }
        if (wanted.canaryUp() != confirmed.canaryUp()) {
            scale(wanted.canaryUp());
            done.add(new CanaryScaled(seq, up ? 1 : 0, Duration.ZERO));
        }
    }

    /// A primary gets the target's template: no other can be had.
    private boolean promotes(String revision) {
        if (primary.equals(revision)) {
            return true;
        }
        if (!template.equals(revision)) {
            return false;
        }
        primary = revision;
        primaryIsReady = false;
        return true;
    }

    private void scale(boolean wanted) {
        if (up != wanted) {
            up = wanted;
            ready = false;
        }
    }

    private String uid() {
        return "uid-" + uid;
    }

    static CanarySpec elsewhere(CanarySpec spec, String target, String provider) {
        return CanaryLike.of(spec).target(target, provider).spec();
    }

    private static <T> Optional<T> one(List<T> of, int which) {
        return of.isEmpty() ? Optional.empty() : Optional.of(of.get(which % of.size()));
    }

    /// Where the story stands: for a test that failed, and for coverage.
    String place() {
        return state.phase().getClass().getSimpleName()
                + (state.phase() instanceof Idle idle ? " " + idle.ended() : "");
    }

    String template() {
        return template;
    }

    boolean exists() {
        return exists;
    }

    /// What came last.
    String tail() {
        return moments.subList(Math.max(0, moments.size() - 12), moments.size()).stream()
                        .map(moment -> brief(moment.input()) + " -> " + brief(moment.decisions()))
                        .collect(java.util.stream.Collectors.joining("\n"))
                + "\n = " + brief(state);
    }

    @Override
    public String toString() {
        var text = new StringBuilder();
        for (var moment : moments) {
            text.append("\n  ").append(moment.input() instanceof Heard(var event) ? brief(event) : "Tick");
            moment.decisions().forEach(said -> text.append("\n    -> ").append(brief(said)));
        }
        return text.append("\n  = ").append(brief(state)).toString();
    }

    private static String brief(Object any) {
        return any.toString()
                .replaceAll(
                        "CanarySpec\\[target=(.*?), provider=(.*?), service.*? strategy=(.*?),"
                                + " interval=.*?hooks=(.*?), skipAnalysis=(.*?), suspended=(.*?), revert.*?]",
                        "$1 $2 $3 $4 skip=$5 suspended=$6")
                .replaceAll("HookSpec\\[name=(.*?),.*?]", "$1")
                .replaceAll("steps=\\[Step.*?]]", "")
                .replaceAll(
                        "(images|changed|trackedConfigs|took|workload|exists|stuck|known|by|metrics)=[^,]*?[,\\]] ?",
                        "");
    }
}
