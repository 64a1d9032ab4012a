package dev.aviary.decisions.rollout;

import dev.aviary.decisions.CanaryLike;
import dev.aviary.decisions.rollout.RolloutInput.Heard;
import dev.aviary.decisions.rollout.RolloutInput.Tick;
import dev.aviary.events.*;
import dev.aviary.events.WorkloadChanged.Role;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;

/// A canary and a cluster that does what it is asked: what a rollout's test starts from. The clock is the test's.
class World {
    static final Instant NOON = Instant.parse("2026-01-01T12:00:00Z");
    static final String OLD = "v1:old";
    static final String NEW = "v1:new";

    RolloutState state = RolloutState.NEW;
    Instant now = NOON;
    final List<RouterDecision> said = new ArrayList<>();

    static CanarySpec spec(Strategy strategy, HookSpec... hooks) {
        return new CanarySpec(
                new WorkloadRef("Deployment", "checkout"),
                "gatewayapi:v1",
                "checkout",
                strategy,
                Duration.ofSeconds(10),
                2,
                Duration.ofSeconds(60),
                Duration.ofSeconds(5),
                100,
                100,
                List.of(),
                List.of(hooks),
                false,
                false,
                false,
                false);
    }

    static CanarySpec spec() {
        return spec(
                new Strategy.Progressive(List.of(Percent.of("5"), Percent.of("10"), Percent.of("50")), Percent.ZERO));
    }

    static HookSpec hook(HookKind kind) {
        return new HookSpec(kind.word(), kind, Duration.ofSeconds(10), 0, false);
    }

    static CanarySpec every(Duration interval) {
        return CanaryLike.of(spec()).interval(interval).spec();
    }

    static CanarySpec live(CanarySpec spec, boolean skipAnalysis, boolean suspended) {
        return CanaryLike.of(spec).live(skipAnalysis, suspended).spec();
    }

    /// May cost so many bad answers.
    static CanarySpec budgeted(CanarySpec spec, long budget) {
        return CanaryLike.of(spec).guard(guard -> guard.budget(budget)).spec();
    }

    /// A canary whose primary runs [#OLD].
    static World initialized(CanarySpec spec) {
        var world = new World();
        world.hear(new CanaryApplied("uid-1", 1, spec));
        world.revision(OLD);
        world.hear(new PrimaryInitialized(world.state.wantedBy(), false, Percent.ZERO, Duration.ZERO));
        world.said.clear();
        return world;
    }

    /// In the first step, its traffic confirmed.
    static World inStep(CanarySpec spec, int step) {
        var world = initialized(spec);
        world.revision(NEW);
        world.canaryReady();
        if (spec.guarded().budget().isPresent()) {
            world.tick(); // nobody measures the traffic
        }
        world.confirm();
        for (int passed = 0; passed < step; passed++) {
            world.check(passed, 0, Verdict.PASSED);
            world.confirm();
        }
        world.said.clear();
        return world;
    }

    List<RouterDecision> hear(RolloutEvent event) {
        return feed(new Heard(event));
    }

    List<RouterDecision> feed(RolloutInput input) {
        var before = state;
        var decisions = RolloutDecider.decide(before, input, now);
        state = input instanceof Heard(var event) ? RolloutDecider.evolve(before, event) : before;
        for (var decision : decisions) {
            state = RolloutDecider.evolve(state, decision);
        }
        said.addAll(decisions);
        return decisions;
    }

    /// Turns the clock to the next due instant.
    List<RouterDecision> tick() {
        now = RolloutDecider.nextDue(state).orElseThrow();
        return feed(new Tick());
    }

    List<RouterDecision> revision(String revision) {
        return hear(new RevisionDetected(revision, Optional.empty(), List.of("shop:2"), List.of(), new TreeMap<>()));
    }

    List<RouterDecision> canaryReady() {
        return workload(Role.TARGET, state.known().revision(), 1);
    }

    List<RouterDecision> primaryReady(String revision) {
        return workload(Role.PRIMARY, revision, 1);
    }

    List<RouterDecision> workload(Role role, String revision, int available) {
        return hear(new WorkloadChanged(
                "checkout", role, true, revision, new Replicas(1, 1, available, 1, true), Optional.empty()));
    }

    List<RouterDecision> check(int step, int look, Verdict verdict) {
        var rollout = state.run().orElseThrow().id();
        return hear(new CheckCompleted(rollout, step, look, verdict, List.of(), List.of("p99 is 2000, at most 500")));
    }

    List<RouterDecision> gate(HookKind kind, int attempt, GateDecided.Outcome outcome) {
        var rollout = state.run().orElseThrow().id();
        return hear(new GateDecided(rollout, kind, 0, attempt, outcome, "gate", Optional.of(403), "403"));
    }

    List<RouterDecision> command(String id, OperatorCommanded.Verb verb) {
        return hear(new OperatorCommanded(id, verb, "alice", "because"));
    }

    /// The reconciler does what is wanted and answers.
    void confirm() {
        var wanted = state.desired();
        long seq = wanted.seq();
        if (!wanted.primary().equals(state.confirmed().primary())) {
            hear(new PrimaryUpdated(seq, wanted.primary(), Duration.ZERO));
        }
        hear(new TrafficShifted(seq, wanted.canary(), wanted.mirror(), Duration.ZERO));
        if (!wanted.without().equals(state.confirmed().without())) {
            wanted.without().ifPresent(pod -> hear(new PodRemoved(seq, pod, Duration.ZERO)));
        }
        if (state.wantedBy() == seq && wanted.canaryUp() != state.confirmed().canaryUp()) {
            hear(new CanaryScaled(seq, wanted.canaryUp() ? 1 : 0, Duration.ZERO));
        }
    }

    Percent canary() {
        return state.desired().canary();
    }

    CanaryStatus.Phase phase() {
        return CanaryStatus.of(state).phase();
    }
}
