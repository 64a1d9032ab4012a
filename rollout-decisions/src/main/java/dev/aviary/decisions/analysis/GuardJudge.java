package dev.aviary.decisions.analysis;

import dev.aviary.decisions.guard.BoundJudge;
import dev.aviary.decisions.guard.ClearingJudge;
import dev.aviary.events.CanarySpec;
import dev.aviary.events.Count;
import dev.aviary.events.Count.Counted;
import dev.aviary.events.GuardResult;
import dev.aviary.events.GuardResult.Needs;
import dev.aviary.events.GuardResult.State;
import dev.aviary.events.GuardResult.Tally;
import dev.aviary.events.GuardSpec;
import dev.aviary.events.RequestsCounted;
import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;

/// The guard: looks as often as it likes, and still calls a good release bad with a chance of at most α.
///
/// @param guard what it may do
/// @param share of α that is each metric's
record GuardJudge(GuardSpec guard, double share) {
    private static final MathContext SHOWN = new MathContext(3);
    private static final MathContext ABOUT = new MathContext(2, RoundingMode.UP);

    /// A failure of so many times what is allowed is the one that is to be ruled out.
    private static final double HARMFUL = 5;

    private static final String MORE_TRAFFIC =
            "let a webhook of type rollout send some, or make the first weight larger";

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

    /// The bad answers that the rollout may cost are used up.
    Optional<Map.Entry<String, Long>> usedUp(GuardState state) {
        return guard.acts()
                ? state.mostSpent()
                        .filter(most -> guard.budget()
                                .filter(budget -> most.getValue() >= budget)
                                .isPresent())
                : Optional.empty();
    }

    String usedUp(String metric, long spent, GuardState state) {
        var known = state.metrics().get(metric);
        var what = known != null && known.last() instanceof Counted counted ? counted.what() : "failed";
        return "%s: %s requests of the canary %s, its pods' first ones included; a rollout may cost %s"
                .formatted(metric, spent, what, guard.budget().orElse(0L));
    }

    /// Each step has to rule a failure out before it goes on.
    boolean clears() {
        return guard.acts() && guard.clearAt().isPresent();
    }

    /// What a step still has to show of this metric before it goes on, in words; nothing of one that has no counts: its
    /// value decides.
    ///
    /// @param seen empty before the first look
    Optional<String> open(String metric, Optional<MetricGuard> seen, Tally judged, Instant now) {
        if (seen.filter(MetricGuard::isValueOnly).isPresent()) {
            return Optional.empty();
        }
        var allowed = seen.flatMap(MetricGuard::bound).map(BoundJudge::allowed);
        if (allowed.isEmpty()) {
            return Optional.of(seen.map(known -> result(metric, known, now).sentence())
                    .orElseGet(() -> metric + ": not counted yet"));
        }
        double harmful = harmful(allowed.get());
        var judge = ClearingJudge.of(harmful).seen(judged.failures(), judged.total());
        return judge.logEvidence() >= -StrictMath.log(beta())
                ? Optional.empty()
                : Optional.of(stillOpen(metric, seen.get(), judge, now));
    }

    /// What a step has shown of a metric for which nothing is open any more; nothing of one that has no counts.
    Optional<String> shown(String metric, Optional<MetricGuard> seen, Tally judged) {
        return seen.filter(known -> !known.isValueOnly())
                .flatMap(known -> known.bound()
                        .map(bound -> "%s, %s is ruled out"
                                .formatted(facts(metric, known, judged), percent(harmful(bound.allowed())))));
    }

    private static String facts(String metric, MetricGuard seen, Tally judged) {
        return "%s: %s of %s requests of this step %s"
                .formatted(
                        metric,
                        judged.failures(),
                        judged.total(),
                        seen.last() instanceof Counted counted ? counted.what() : "failed");
    }

    private String stillOpen(String metric, MetricGuard seen, ClearingJudge judge, Instant now) {
        var facts = facts(metric, seen, new Tally(judge.failures(), judge.total()));
        double ratio = judge.total() == 0 ? 0 : (double) judge.failures() / judge.total();
        return needs(judge.harmful(), false, judge.needs(ratio, -StrictMath.log(beta())), seen, now)
                .map(more -> "%s: needs about %s more requests to rule out %s%s"
                        .formatted(facts, about(more.requests()), percent(more.ratio()), time(more, seen, now)))
                .orElseGet(() -> "%s: too many to rule out %s".formatted(facts, percent(judge.harmful())));
    }

    private double beta() {
        return guard.clearBeta().orElse(GuardSpec.USUAL_BETA);
    }

    /// The state behind one more look.
    GuardState seen(GuardState state, RequestsCounted counted, Instant now) {
        var next = new TreeMap<>(state.metrics());
        var looks = Recorded.of(state);
        for (var each : counted.metrics().entrySet()) {
            var name = each.getKey();
            var count = state.suspicion().map(of -> of.without(each.getValue())).orElse(each.getValue());
            var before = next.getOrDefault(name, MetricGuard.first(now));
            var after = before.seen(count, guard.burnIn(), now);
            next.put(name, after.weighed(weight(after)));
            if (each.getValue() instanceof Counted all) {
                looks = looks.plus(name, counted.look(), now, all, before, after);
            }
        }
        return state.behind(counted.look(), next, looks).spending(counted);
    }

    /// Harm is proven, and the guard may act on it.
    boolean crossed(MetricGuard seen) {
        return guard.acts() && seen.last() instanceof Counted && weight(seen) >= -StrictMath.log(share);
    }

    /// What the mode goes by, whether or not it acts.
    private double weight(MetricGuard seen) {
        return guard.mode() == GuardSpec.Mode.PRIMARY
                ? mean(seen.boundEvidence(), seen.primaryEvidence())
                : seen.boundEvidence();
    }

    /// Against both, it is the mean of the two e-values, which is one too.
    double evidence(GuardResult result) {
        return evidence(result.boundEvidence(), result.primaryEvidence());
    }

    private double evidence(double bound, double primary) {
        return switch (guard.mode()) {
            case OFF, SHADOW -> Double.NEGATIVE_INFINITY;
            case BOUND -> bound;
            case PRIMARY -> mean(bound, primary);
        };
    }

    private static double mean(double a, double b) {
        double larger = Math.max(a, b);
        return larger + StrictMath.log1p(StrictMath.exp(Math.min(a, b) - larger)) - StrictMath.log(2);
    }

    GuardResult result(String metric, MetricGuard seen, Instant now) {
        var state = state(seen);
        var needs = needs(seen, state, now);
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
                Optional.of(seen.windows()),
                needs,
                sentence(metric, seen, state, needs, now));
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

    /// Proven at the ratio that the canary shows, where that is above the allowed one; else ruled out at a harmful one.
    private Optional<Needs> needs(MetricGuard seen, State state, Instant now) {
        boolean open = state == State.HEALTHY || state == State.NO_TRAFFIC;
        return seen.bound()
                .filter(_ -> open)
                .flatMap(judge -> proof(judge, seen, now).or(() -> ruledOut(judge.allowed(), seen, now)));
    }

    private Optional<Needs> proof(BoundJudge judge, MetricGuard seen, Instant now) {
        double ratio = seen.failureRatio();
        return ratio > judge.allowed()
                ? needs(ratio, true, judge.needs(ratio, -StrictMath.log(share)), seen, now)
                : Optional.empty();
    }

    private Optional<Needs> ruledOut(double allowed, MetricGuard seen, Instant now) {
        double harmful = harmful(allowed);
        var judge = ClearingJudge.of(harmful)
                .seen(seen.canary().failures(), seen.canary().total());
        return needs(harmful, false, judge.needs(seen.failureRatio(), -StrictMath.log(beta())), seen, now);
    }

    private static Optional<Needs> needs(
            double ratio, boolean proof, OptionalLong requests, MetricGuard seen, Instant now) {
        return requests.isPresent() && requests.getAsLong() > 0
                ? Optional.of(new Needs(
                        ratio, proof, requests.getAsLong(), seen.lately(now).timeFor(requests.getAsLong())))
                : Optional.empty();
    }

    /// What the Canary names; what its bound allows can't be ruled out.
    private double harmful(double allowed) {
        double wanted = guard.clearAt().map(at -> Math.max(at, 2 * allowed)).orElse(HARMFUL * allowed);
        return Math.min(wanted, (1 + allowed) / 2);
    }

    private String sentence(String metric, MetricGuard seen, State state, Optional<Needs> needs, Instant now) {
        return metric + ": "
                + switch (seen.last()) {
                    case Count.ThresholdOnly(var reason) -> "its value alone is checked, for " + reason;
                    case Count.Unread(var why) -> "the requests couldn't be counted: " + why;
                    case Counted counted -> words(seen, counted, state, needs, now);
                };
    }

    private String words(MetricGuard seen, Counted counted, State state, Optional<Needs> needs, Instant now) {
        if (state == State.NO_TRAFFIC) {
            var none = seen.burnIn() == 0
                    ? "the canary has had no requests yet"
                    : "the canary's first %s requests are not judged, more haven't come".formatted(seen.burnIn());
            return "%s: %s".formatted(none, MORE_TRAFFIC);
        }
        var facts = "%s of %s requests %s, where %s may"
                .formatted(seen.canary().failures(), seen.canary().total(), counted.what(), oneIn(counted.allowed()));
        var note = counted.note().map(words -> "; " + words).orElse("");
        return state == State.FAILING
                ? "%s: proven %s after the first one; chance of a false alarm at most %s %%%s"
                        .formatted(facts, seconds(seen.sinceFailing()), shown(guard.alpha() * 100), note)
                : "%s: %s%s".formatted(facts, outlook(seen, counted.allowed(), needs, now), note);
    }

    private String outlook(MetricGuard seen, double allowed, Optional<Needs> needs, Instant now) {
        return needs.map(more -> more.proof()
                        ? "not proven yet, needs about %s more requests like these%s"
                                .formatted(about(more.requests()), time(more, seen, now))
                        : "healthy so far, needs about %s more requests to rule out %s%s"
                                .formatted(about(more.requests()), percent(more.ratio()), time(more, seen, now)))
                .orElseGet(() -> "healthy so far, %s is ruled out".formatted(percent(harmful(allowed))));
    }

    private static String time(Needs more, MetricGuard seen, Instant now) {
        var lately = seen.lately(now);
        return lately.isSilent()
                ? "; none came in the last %s: %s".formatted(about(lately.over()), MORE_TRAFFIC)
                : more.time()
                        .map(time -> ", about %s at the present traffic".formatted(about(time)))
                        .orElse("");
    }

    private static String percent(double ratio) {
        return shown(ratio * 100) + " %";
    }

    private static String about(long requests) {
        return new BigDecimal(requests).round(ABOUT).toBigInteger().toString();
    }

    private static String about(Duration time) {
        long seconds = time.plusMillis(500).toSeconds();
        return seconds < 120
                ? Math.max(seconds, 1) + " s"
                : seconds < 7200
                        ? time.toMinutes() + " min"
                        : seconds < 172_800 ? time.toHours() + " h" : time.toDays() + " days";
    }

    static String oneIn(double allowed) {
        return "1 in " + shown(1 / allowed);
    }

    private static String seconds(Duration time) {
        return "%s s".formatted(BigDecimal.valueOf(time.toMillis() / 100, 1).toPlainString());
    }

    static String shown(double number) {
        return new BigDecimal(number, SHOWN).stripTrailingZeros().toPlainString();
    }

    List<GuardResult> results(GuardState state, Instant now) {
        return state.results(this, now);
    }
}
