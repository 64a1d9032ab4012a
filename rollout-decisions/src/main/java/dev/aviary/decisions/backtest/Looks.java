package dev.aviary.decisions.backtest;

import dev.aviary.events.Count.Counted;
import dev.aviary.events.Count.PodCount;
import dev.aviary.events.Count.Side;
import dev.aviary.events.Count.Source;
import dev.aviary.events.CountedLook;
import dev.aviary.events.CountedPod;
import dev.aviary.events.EvidenceRecorded;
import dev.aviary.events.GuardResult.Tally;
import dev.aviary.events.GuardSpec;
import dev.aviary.events.RolloutId;
import dev.aviary.events.TrafficMeasured;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/// The guard's looks at the pace of another policy: one that looks less often sees the sum of what came since its last.
final class Looks {
    private final Optional<Duration> pace;
    private final TreeMap<String, Counted> since = new TreeMap<>();
    private Optional<Instant> last = Optional.empty();

    /// @param acting    as it looked
    /// @param otherwise as it would have looked
    Looks(GuardSpec acting, GuardSpec otherwise) {
        // A look is never quite on time: half of one's distance is none.
        this.pace = Optional.of(otherwise.every())
                .filter(every -> every.compareTo(acting.every()) > 0)
                .map(every -> every.minus(acting.every().dividedBy(2)));
    }

    /// What was counted at one look.
    ///
    /// @param number counted from 0 within the rollout
    /// @param at     UTC
    /// @param counts by the metric's name
    record Look(int number, Instant at, SortedMap<String, Counted> counts) {}

    /// Each look that stands there, one after the other.
    static List<Look> of(EvidenceRecorded evidence) {
        var pods = evidence.pods().orElse(List.of());
        var looks = new TreeMap<Integer, Look>();
        evidence.counted()
                .forEach(one -> looks.computeIfAbsent(one.look(), _ -> new Look(one.look(), one.at(), new TreeMap<>()))
                        .counts()
                        .put(one.metric(), counted(one, pods)));
        return List.copyOf(looks.values());
    }

    private static Counted counted(CountedLook one, List<CountedPod> pods) {
        return counted(
                one.allowed(),
                one.pods().isEmpty()
                        ? List.of(
                                together("canary", Side.CANARY, one.canary()),
                                together("primary", Side.PRIMARY, one.primary()))
                        : one.pods().stream()
                                .map(share -> of(pods.get(share.pod()), share.failures(), share.total()))
                                .toList());
    }

    private static Counted counted(double allowed, List<PodCount> pods) {
        return new Counted(Source.PODS, allowed, "failed", Optional.empty(), pods);
    }

    private static PodCount of(CountedPod pod, long failures, long total) {
        return new PodCount(pod.pod(), pod.node(), pod.side(), failures, total, pod.life());
    }

    private static PodCount together(String name, Side side, Tally all) {
        return new PodCount(name, "", side, all.failures(), all.total());
    }

    /// What both sides had together while these looks were taken, by the metric that counts the most.
    static Optional<TrafficMeasured> traffic(RolloutId rollout, List<Look> looks) {
        if (looks.size() < 2) {
            return Optional.empty();
        }
        var requests = new TreeMap<String, Long>();
        looks.stream()
                .skip(1)
                .forEach(look -> look.counts()
                        .forEach((metric, count) -> requests.merge(
                                metric,
                                count.pods().stream().mapToLong(PodCount::total).sum(),
                                Long::sum)));
        return requests.values().stream()
                .max(Long::compare)
                .map(most -> new TrafficMeasured(
                        rollout,
                        most,
                        Duration.between(looks.getFirst().at(), looks.getLast().at())));
    }

    /// @return what the other policy sees at it: nothing if it doesn't look
    SortedMap<String, Counted> at(Look look) {
        look.counts().forEach((metric, count) -> since.merge(metric, count, Looks::sum));
        boolean looks = pace.isEmpty()
                || last.filter(before -> look.at().isBefore(before.plus(pace.get())))
                        .isEmpty();
        if (!looks) {
            return new TreeMap<>();
        }
        last = Optional.of(look.at());
        var seen = new TreeMap<>(since);
        since.clear();
        return seen;
    }

    private static Counted sum(Counted before, Counted now) {
        var pods = new TreeMap<String, PodCount>();
        Stream.concat(before.pods().stream(), now.pods().stream())
                .forEach(pod -> pods.merge("%s %s %s".formatted(pod.side(), pod.pod(), pod.life()), pod, Looks::sum));
        return counted(now.allowed(), List.copyOf(pods.values()));
    }

    private static PodCount sum(PodCount before, PodCount now) {
        return new PodCount(
                now.pod(),
                now.node(),
                now.side(),
                before.failures() + now.failures(),
                before.total() + now.total(),
                now.life());
    }
}
