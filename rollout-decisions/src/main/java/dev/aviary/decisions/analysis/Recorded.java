package dev.aviary.decisions.analysis;

import dev.aviary.events.Count.Counted;
import dev.aviary.events.Count.PodCount;
import dev.aviary.events.Count.Side;
import dev.aviary.events.CountedLook;
import dev.aviary.events.CountedLook.Share;
import dev.aviary.events.CountedPod;
import dev.aviary.events.GuardResult.Tally;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/// What a backtest is to know of the guard's looks: what was judged, and what was counted at each pod.
///
/// @param looks that are in no `EvidenceRecorded` yet
/// @param pods  that they name by their place
record Recorded(List<CountedLook> looks, List<CountedPod> pods) {
    static Recorded of(GuardState state) {
        return new Recorded(state.counted(), state.pods());
    }

    /// @param before what the guard knew of the metric
    /// @param after  what it knows behind the look
    /// @return the same if the look would tell nothing: the canary had no requests, and the primary no first ones
    Recorded plus(String metric, int look, Instant now, Counted counted, MetricGuard before, MetricGuard after) {
        boolean asked = counted.pods().stream().anyMatch(pod -> pod.side() == Side.CANARY && pod.total() > 0);
        if (!asked && before.burnt().equals(after.burnt())) {
            return this;
        }
        var known = new ArrayList<>(pods);
        var shares = counted.pods().stream()
                .filter(pod -> pod.total() > 0)
                .map(pod -> new Share(place(known, pod), pod.failures(), pod.total()))
                .toList();
        var more = new ArrayList<>(looks);
        more.add(new CountedLook(
                metric,
                look,
                now,
                counted.allowed(),
                since(before.canary(), after.canary()),
                since(before.primaryTally(), after.primaryTally()),
                shares));
        return new Recorded(List.copyOf(more), List.copyOf(known));
    }

    private static int place(List<CountedPod> known, PodCount pod) {
        var wanted = new CountedPod(pod.pod(), pod.node(), pod.side(), pod.life());
        int at = known.indexOf(wanted);
        if (at >= 0) {
            return at;
        }
        known.add(wanted);
        return known.size() - 1;
    }

    private static Tally since(Tally before, Tally after) {
        return new Tally(after.failures() - before.failures(), after.total() - before.total());
    }
}
