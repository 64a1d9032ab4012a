package dev.aviary.decisions.analysis;

import dev.aviary.events.CanarySpec;
import dev.aviary.events.Count;
import dev.aviary.events.Count.Counted;
import dev.aviary.events.CountedLook;
import dev.aviary.events.GuardResult;
import dev.aviary.events.GuardResult.State;
import dev.aviary.events.GuardResult.Tally;
import dev.aviary.events.GuardSpec;
import dev.aviary.events.RequestsCounted;
import java.math.BigDecimal;
import java.math.MathContext;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;

/// The guard: looks as often as it likes, and still calls a good release bad with a chance of at most α.
///
/// @param guard what it may do
/// @param share of α that is each metric's
record GuardJudge(GuardSpec guard, double share) {
    private static final MathContext SHOWN = new MathContext(3);

    /// Looks in the time of one, while there is something to prove.
    private static final int QUICKER = 4;

    static GuardJudge of(CanarySpec spec) {
        var guard = spec.guarded();
        return new GuardJudge(guard, guard.alpha() / Math.max(spec.metrics().size(), 1));
    }

    boolean looks() {
        return guard.mode() != GuardSpec.Mode.OFF;
    }

    /// From this look to the next: less while more fail than may, or the first failure is fresh. The tests hold
    /// whenever
    /// one looks, so this changes no chance of a false alarm.
    Duration every(GuardState state) {
        if (state.metrics().values().stream().noneMatch(this::isInDoubt)) {
            return guard.every();
        }
        var quick = guard.every().dividedBy(QUICKER);
        return quick.compareTo(GuardSpec.FASTEST) < 0 ? GuardSpec.FASTEST : quick;
    }

    private boolean isInDoubt(MetricGuard seen) {
        return seen.last() instanceof Counted
                && (seen.isFresh()
                        || isUnproven(seen.boundEvidence())
                        || (guard.mode() == GuardSpec.Mode.PRIMARY && isUnproven(seen.primaryEvidence())));
    }

    private boolean isUnproven(double evidence) {
        return evidence > 0 && evidence < -StrictMath.log(share);
    }

    /// The state behind one more look.
    GuardState seen(GuardState state, RequestsCounted counted, Instant now) {
        var next = new TreeMap<>(state.metrics());
        var looks = new ArrayList<CountedLook>();
        counted.metrics().forEach((name, count) -> {
            var before = next.getOrDefault(name, MetricGuard.first(now));
            var after = before.seen(count, guard.burnIn(), now);
            next.put(name, after);
            if (count instanceof Counted seen) {
                var mine = since(before.canary(), after.canary());
                if (mine.total() > 0) {
                    looks.add(new CountedLook(
                            name,
                            counted.look(),
                            now,
                            seen.allowed(),
                            mine,
                            since(before.primaryTally(), after.primaryTally())));
                }
            }
        });
        return state.behind(counted.look(), next, looks);
    }

    private static Tally since(Tally before, Tally after) {
        return new Tally(after.failures() - before.failures(), after.total() - before.total());
    }

    /// Harm is proven, and the guard may act on it.
    boolean crossed(GuardResult result) {
        return result.source().isPresent() && evidence(result) >= -StrictMath.log(share);
    }

    /// Against both, it is the mean of the two e-values, which is one too.
    double evidence(GuardResult result) {
        return switch (guard.mode()) {
            case OFF, SHADOW -> Double.NEGATIVE_INFINITY;
            case BOUND -> result.boundEvidence();
            case PRIMARY -> mean(result.boundEvidence(), result.primaryEvidence());
        };
    }

    private static double mean(double a, double b) {
        double larger = Math.max(a, b);
        return larger + StrictMath.log1p(StrictMath.exp(Math.min(a, b) - larger)) - StrictMath.log(2);
    }

    GuardResult result(String metric, MetricGuard seen) {
        var state = state(seen);
        var counted = seen.last() instanceof Counted last ? Optional.of(last) : Optional.<Counted>empty();
        return new GuardResult(
                metric,
                state,
                seen.bound().map(judge -> judge.allowed()).orElse(0.0),
                seen.canary(),
                seen.primaryTally(),
                seen.burnIn(),
                seen.boundEvidence(),
                seen.primaryEvidence(),
                share,
                counted.map(Counted::source),
                seen.from(),
                sentence(metric, seen, state));
    }

    private State state(MetricGuard seen) {
        return switch (seen.last()) {
            case Count.ThresholdOnly _ -> State.THRESHOLD_ONLY;
            case Count.Unread _ -> State.NO_DATA;
            case Counted _ ->
                seen.boundEvidence() >= -StrictMath.log(share)
                        ? State.FAILING
                        : seen.canary().total() == 0 ? State.NO_TRAFFIC : State.HEALTHY;
        };
    }

    private String sentence(String metric, MetricGuard seen, State state) {
        return metric + ": "
                + switch (seen.last()) {
                    case Count.ThresholdOnly(var reason) -> "its value alone is checked, for " + reason;
                    case Count.Unread(var why) -> "the requests couldn't be counted: " + why;
                    case Counted counted -> words(seen, counted, state);
                };
    }

    private String words(MetricGuard seen, Counted counted, State state) {
        if (state == State.NO_TRAFFIC) {
            return seen.burnIn() == 0
                    ? "the canary has had no requests yet"
                    : "the canary's first %d requests are not judged, more haven't come".formatted(seen.burnIn());
        }
        var facts = "%d of %d requests %s, where %s may"
                .formatted(seen.canary().failures(), seen.canary().total(), counted.what(), oneIn(counted.allowed()));
        var note = counted.note().map(words -> "; " + words).orElse("");
        return state == State.FAILING
                ? "%s: proven %s after the first one; chance of a false alarm at most %s %%%s"
                        .formatted(facts, seconds(seen.sinceFailing()), shown(guard.alpha() * 100), note)
                : facts + note;
    }

    private static String oneIn(double allowed) {
        return "1 in " + shown(1 / allowed);
    }

    private static String seconds(Duration time) {
        return "%s s".formatted(BigDecimal.valueOf(time.toMillis() / 100, 1).toPlainString());
    }

    private static String shown(double number) {
        return new BigDecimal(number, SHOWN).stripTrailingZeros().toPlainString();
    }

    List<GuardResult> results(GuardState state) {
        return state.results(this);
    }
}
