package dev.aviary.cli.backtest;

import dev.aviary.eventlog.LoggedEvent;
import dev.aviary.eventlog.LoggedEvent.Taken;
import dev.aviary.events.*;
import dev.aviary.events.GuardResult.Tally;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/// What the log has of releases of one step, whose guard was in shadow and whose only check passed: all were promoted.
public final class Releases {
    public static final Instant NOON = Instant.parse("2026-01-01T12:00:00Z");
    private static final String SUCCESS = "request-success-rate";
    private static final CanarySpec SPEC = new CanarySpec(
            new WorkloadRef("Deployment", "checkout"),
            "gatewayapi:v1",
            "checkout",
            new Strategy.Progressive(List.of(Percent.of("5")), Percent.ZERO),
            Duration.ofSeconds(10),
            2,
            Duration.ofMinutes(1),
            Duration.ZERO,
            100,
            100,
            List.of(new MetricSpec(
                    SUCCESS, new MetricSpec.BuiltIn(), "1m", new Bounds(Optional.of(99.0), Optional.empty()))),
            List.of(),
            false,
            false,
            false,
            false,
            Optional.of(new GuardSpec(
                    GuardSpec.Mode.SHADOW,
                    0.001,
                    5,
                    Duration.ofSeconds(1),
                    GuardSpec.Suspect.HOLD,
                    Optional.empty(),
                    Optional.empty(),
                    Optional.empty())));

    private Releases() {}

    /// @param failures of ten requests, each second
    public static List<LoggedEvent> release(long number, int failures) {
        return release(number, failures, NOON.plus(Duration.ofHours(number)));
    }

    /// @param start of it: a broker gives the facts its own time, which must fit that of the decisions
    public static List<LoggedEvent> release(long number, int failures, Instant start) {
        var rollout = new RolloutId(number, "v1:" + number);
        var until = start.plusSeconds(600);
        var counted = new ArrayList<CountedLook>();
        for (int look = 0; look < 10; look++) {
            counted.add(new CountedLook(
                    SUCCESS, look, start.plusSeconds(1 + look), 0.01, new Tally(failures, 10), new Tally(0, 100)));
        }
        var measured = new MetricsMeasured(
                rollout, 0, 0, "asked", new TreeMap<>(Map.of(SUCCESS, new Measurement.Value(99.5))), List.of());
        var said = new ArrayList<LoggedEvent>();
        add(
                said,
                start,
                new RolloutStarted(rollout, "v1:0", "v1:" + number, List.of(), Plan.of(SPEC), Optional.empty()));
        add(said, start, new ScaleUpStarted(rollout, until));
        add(said, start, new StepStarted(rollout, 0, Percent.of("5"), Percent.ZERO, List.of(), until));
        said.add(LoggedEvent.fact(
                "shifted-" + number, new TrafficShifted(number, Percent.of("5"), Percent.ZERO, Duration.ZERO)));
        add(said, start.plusSeconds(11), new CheckCompleted(rollout, 0, 0, Verdict.PASSED, List.of(), List.of()));
        add(
                said,
                start.plusSeconds(11),
                new PromotionStarted(rollout, 0, Percent.of("5"), until, List.of("all checks passed")));
        add(said, start.plusSeconds(11), new EvidenceRecorded(rollout, 0, List.of(measured), counted));
        add(said, start.plusSeconds(20), new Promoted(rollout, Duration.ofSeconds(20), false));
        return said;
    }

    public static LoggedEvent label(long number, RolloutLabelled.Outcome outcome) {
        return LoggedEvent.fact(
                "label-%d-%s".formatted(number, outcome), new RolloutLabelled("l", number, outcome, "alice", ""));
    }

    private static void add(List<LoggedEvent> said, Instant now, RolloutEvent decision) {
        var taken = new Taken(said.size() + 1L, new TreeMap<>(), 1, now);
        said.add(LoggedEvent.decision(decision.ofRollout().orElseThrow() + "-" + said.size(), decision, taken));
    }
}
