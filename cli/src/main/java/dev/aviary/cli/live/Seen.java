package dev.aviary.cli.live;

import dev.aviary.cli.story.Entry;
import dev.aviary.decisions.analysis.AnalysisDecider;
import dev.aviary.decisions.analysis.AnalysisState;
import dev.aviary.decisions.rollout.RolloutDecider;
import dev.aviary.decisions.rollout.RolloutState;
import dev.aviary.decisions.rollout.RolloutState.Phase;
import dev.aviary.decisions.rollout.RolloutState.Run;
import dev.aviary.events.*;
import dev.aviary.events.Count.Counted;
import dev.aviary.events.Count.Side;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// What a live view knows of one canary, by the same functions that decide: the log and the measurements, folded.
///
/// @param guard  what the guard knew last, of this rollout
/// @param looks  at its requests, the latest
/// @param step   of this rollout that was started last, -1 before the first
/// @param begun  UTC, when the last rollout began
/// @param ended  UTC, when it was over
/// @param images that it brings
/// @param before images that the primary had
public record Seen(
        CanaryKey canary,
        RolloutState rollout,
        AnalysisState analysis,
        List<GuardResult> guard,
        List<Look> looks,
        int step,
        Optional<Instant> begun,
        Optional<Instant> ended,
        List<String> images,
        List<String> before) {
    /// Over which a rate is taken.
    static final Duration WINDOW = Duration.ofSeconds(10);

    /// Requests since the look before.
    record Look(Instant at, long canary, long primary) {}

    /// @param canary requests a second
    record Traffic(double canary, double primary) {}

    public static Seen first(CanaryKey canary) {
        return new Seen(
                canary,
                RolloutState.NEW,
                AnalysisState.NEW,
                List.of(),
                List.of(),
                -1,
                Optional.empty(),
                Optional.empty(),
                List.of(),
                List.of());
    }

    /// With one more record, of the log or of the measurements.
    public Seen heard(Entry entry) {
        var event = entry.logged().event();
        var analysed = AnalysisDecider.evolve(analysis, event, entry.at());
        var known = guard(event, analysed, entry.at());
        var next = new Seen(
                canary, evolved(event), analysed, known, looks(event, entry.at()), step, begun, ended, images, before);
        return switch (event) {
            case RolloutStarted started -> next.starting(started, entry.at());
            case StepStarted at -> next.at(at.step());
            case RollbackStarted _, PromotionStarted _ -> next.unseen();
            case Promoted _ -> next.over(entry.at(), images);
            case RolledBack _, Superseded _, PromotionFailed _ -> next.over(entry.at(), before);
            case PrimaryInitialized _ -> next.over(entry.at(), rollout.known().images());
            default -> next;
        };
    }

    /// What doesn't fit on what was seen so far, such as a log that begins in the middle, is no reason not to look on.
    private RolloutState evolved(RolloutEvent event) {
        try {
            return event instanceof RequestsCounted ? rollout : RolloutDecider.evolve(rollout, event);
        } catch (IllegalStateException _) {
            return rollout;
        }
    }

    private List<GuardResult> guard(RolloutEvent event, AnalysisState analysed, Instant now) {
        return switch (event) {
            case CheckCompleted check when !check.guard().isEmpty() -> check.guard();
            case GuardTripped tripped when !tripped.guard().isEmpty() -> tripped.guard();
            case RequestsCounted _ -> {
                var known = AnalysisDecider.guard(analysed, now);
                yield known.isEmpty() ? guard : known;
            }
            default -> guard;
        };
    }

    private List<Look> looks(RolloutEvent event, Instant at) {
        if (!(event instanceof RequestsCounted counted)) {
            return looks;
        }
        var all = new ArrayList<>(looks);
        all.add(new Look(at, most(counted, Side.CANARY), most(counted, Side.PRIMARY)));
        all.removeIf(look -> look.at().isBefore(at.minus(WINDOW)));
        return List.copyOf(all);
    }

    /// Metrics count the same requests, or some of them.
    private static long most(RequestsCounted counted, Side side) {
        return counted.metrics().values().stream()
                .mapToLong(count -> count instanceof Counted seen
                        ? seen.pods().stream()
                                .filter(pod -> pod.side() == side)
                                .mapToLong(Count.PodCount::total)
                                .sum()
                        : 0)
                .max()
                .orElse(0);
    }

    private Seen starting(RolloutStarted started, Instant at) {
        return new Seen(
                canary,
                rollout,
                analysis,
                List.of(),
                List.of(),
                -1,
                Optional.of(at),
                Optional.empty(),
                started.images(),
                before);
    }

    private Seen at(int next) {
        return new Seen(canary, rollout, analysis, guard, looks, next, begun, ended, images, before);
    }

    /// Nobody looks any more.
    private Seen unseen() {
        return new Seen(canary, rollout, analysis, guard, List.of(), step, begun, ended, images, before);
    }

    private Seen over(Instant at, List<String> stand) {
        return new Seen(canary, rollout, analysis, guard, List.of(), step, begun, Optional.of(at), images, stand);
    }

    /// Nothing, where too few looks or only old ones are known.
    Optional<Traffic> traffic(Instant now) {
        if (looks.size() < 2 || looks.getLast().at().isBefore(now.minus(WINDOW))) {
            return Optional.empty();
        }
        double seconds =
                Duration.between(looks.getFirst().at(), looks.getLast().at()).toMillis() / 1000.0;
        var counted = looks.subList(1, looks.size());
        return seconds <= 0
                ? Optional.empty()
                : Optional.of(new Traffic(
                        counted.stream().mapToLong(Look::canary).sum() / seconds,
                        counted.stream().mapToLong(Look::primary).sum() / seconds));
    }

    /// The rollout under way, or the last one.
    Optional<Run> run() {
        return rollout.run().or(() -> rollout.phase() instanceof Phase.Idle idle ? idle.rollout() : Optional.empty());
    }

    /// How long the rollout has taken.
    Optional<Duration> took(Instant now) {
        return begun.map(from -> Duration.between(from, ended.orElse(now)));
    }

    /// When the next check is made.
    Optional<Instant> nextCheck() {
        return analysis.run().flatMap(AnalysisState.Run::at).flatMap(AnalysisState.AtStep::due);
    }
}
