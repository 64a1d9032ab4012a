package dev.aviary.cli.live;

import dev.aviary.cli.story.Entry;
import dev.aviary.decisions.analysis.AnalysisDecider;
import dev.aviary.decisions.analysis.AnalysisInput;
import dev.aviary.decisions.rollout.RolloutDecider;
import dev.aviary.decisions.rollout.RolloutInput;
import dev.aviary.eventlog.LoggedEvent;
import dev.aviary.events.*;
import dev.aviary.events.Count.Counted;
import dev.aviary.events.Count.PodCount;
import dev.aviary.events.Count.Side;
import dev.aviary.events.WorkloadChanged.Role;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Stream;

/// A rollout as both deciders themselves go through it, told to whoever looks on.
final class Rollout {
    private static final CanaryKey CHECKOUT = new CanaryKey("eu", "shop", "checkout");
    private static final CanarySpec SPEC = new CanarySpec(
            new WorkloadRef("Deployment", "checkout"),
            "gatewayapi:v1",
            "checkout",
            new Strategy.Progressive(Stream.of("5", "10", "50").map(Percent::of).toList(), Percent.ZERO),
            Duration.ofSeconds(10),
            2,
            Duration.ofMinutes(10),
            Duration.ofSeconds(1),
            100,
            100,
            List.of(metric("p99"), metric("success-rate"), metric("queue")),
            List.of(),
            false,
            false,
            false,
            false);

    final Consumer<Entry> told;
    Seen seen = Seen.first(CHECKOUT);
    Instant now = Instant.parse("2026-01-01T12:00:00Z");
    private long offset;

    Rollout(Consumer<Entry> told) {
        this.told = told;
    }

    private static MetricSpec metric(String name) {
        return new MetricSpec(name, new MetricSpec.Query(name), "1m", new Bounds(Optional.empty(), Optional.of(500.0)));
    }

    /// The primary runs the first version.
    Rollout initialized() {
        hear(new CanaryApplied("uid", 1, SPEC));
        hear(revision("v1"));
        hear(new PrimaryUpdated(seq(), "v1", Duration.ZERO));
        hear(ready(Role.PRIMARY, "v1"));
        hear(new PrimaryInitialized(seq(), false, Percent.ZERO, Duration.ZERO));
        return this;
    }

    /// The second has 5 % of the traffic.
    Rollout released() {
        hear(revision("v2"));
        pass(2);
        hear(new CanaryScaled(seq(), 1, Duration.ZERO));
        hear(ready(Role.TARGET, "v2"));
        return shifted("5");
    }

    Rollout shifted(String percent) {
        hear(new TrafficShifted(seq(), Percent.of(percent), Percent.ZERO, Duration.ofMillis(40)));
        return this;
    }

    Rollout checked() {
        hear(new CheckCompleted(
                seen.run().orElseThrow().id(), seen.step(), 0, Verdict.PASSED, List.of(), List.of("all is well")));
        return this;
    }

    /// A second passes in which the canary answers so many requests, some of them too late.
    Rollout looked(long slow, long total) {
        pass(1);
        var guard = AnalysisDecider.wanted(seen.analysis()).guard().orElseThrow();
        hear(new RequestsCounted(
                guard.rollout(),
                guard.step(),
                guard.look(),
                guard.question(),
                new TreeMap<>(Map.of(
                        "p99",
                        counted("took longer than 500 ms", 0.01, slow, total, 95),
                        "success-rate",
                        counted("failed", 0.01, 0, total, 95),
                        "queue",
                        new Count.ThresholdOnly("it is a gauge")))));
        return this;
    }

    private static Count counted(String what, double allowed, long failures, long total, long primary) {
        return new Counted(
                Count.Source.PODS,
                allowed,
                what,
                Optional.empty(),
                List.of(
                        new PodCount("checkout-x", "node", Side.CANARY, failures, total),
                        new PodCount("checkout-primary-y", "node", Side.PRIMARY, 1, primary)));
    }

    Rollout pass(int seconds) {
        now = now.plusSeconds(seconds);
        return this;
    }

    List<String> panel() {
        return Panel.lines(seen, now, 79, Glyphs.UNICODE);
    }

    private long seq() {
        return seen.rollout().wantedBy();
    }

    /// Nobody decides on what it said itself.
    private void hear(RolloutEvent event) {
        var before = seen;
        var entry = new Entry(CHECKOUT, 0, offset, now, LoggedEvent.fact("fact-" + offset++, event));
        seen = before.heard(entry);
        told.accept(entry);
        if (!(event instanceof RouterDecision)) {
            RolloutDecider.decide(before.rollout(), new RolloutInput.Heard(event), now)
                    .forEach(this::hear);
        }
        if (!(event instanceof AnalyzerEvent) || event instanceof RequestsCounted) {
            AnalysisDecider.decide(before.analysis(), new AnalysisInput.Heard(event), now)
                    .forEach(this::hear);
        }
    }

    private static RevisionDetected revision(String name) {
        return new RevisionDetected(name, Optional.empty(), List.of("shop:" + name), List.of(), new TreeMap<>());
    }

    private static WorkloadChanged ready(Role role, String revision) {
        return new WorkloadChanged(
                role == Role.PRIMARY ? "checkout-primary" : "checkout",
                role,
                true,
                revision,
                new Replicas(1, 1, 1, 1, true),
                Optional.empty());
    }
}
