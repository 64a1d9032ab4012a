package dev.aviary.decisions.analysis;

import dev.aviary.events.GuardResult.Tally;
import java.util.SortedMap;
import java.util.TreeMap;

/// What was judged at one pod of the canary.
///
/// @param node    that it runs on, empty if unknown
/// @param judged  since the evidence began
/// @param failing since the failures began: since the evidence was at its lowest
record PodTally(String node, Tally judged, Tally failing) {
    /// Pods that are told apart. What more there are, or have no name, are counted as one that has none.
    static final int MOST = 20;
    static final String NAMELESS = "";

    static SortedMap<String, PodTally> plus(
            SortedMap<String, PodTally> pods, String pod, String node, long failures, long total) {
        var next = new TreeMap<>(pods);
        var name = next.containsKey(pod) || next.size() < MOST ? pod : NAMELESS;
        var before = next.getOrDefault(name, new PodTally(node, Tally.NONE, Tally.NONE));
        next.put(
                name,
                new PodTally(
                        before.node(),
                        before.judged().plus(failures, total),
                        before.failing().plus(failures, total)));
        return next;
    }

    /// What was before has nothing to do with failures that come now.
    static SortedMap<String, PodTally> atTheirLowest(SortedMap<String, PodTally> pods) {
        var next = new TreeMap<String, PodTally>();
        pods.forEach((name, pod) -> next.put(name, new PodTally(pod.node(), pod.judged(), Tally.NONE)));
        return next;
    }

    /// All but this pod, since the failures began.
    static Tally others(SortedMap<String, PodTally> pods, String pod) {
        var sum = Tally.NONE;
        for (var other : pods.entrySet()) {
            if (!other.getKey().equals(pod)) {
                var failing = other.getValue().failing();
                sum = sum.plus(failing.failures(), failing.total());
            }
        }
        return sum;
    }
}
