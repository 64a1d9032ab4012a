package dev.aviary.router.traffic;

import dev.aviary.decisions.rollout.Desired;
import dev.aviary.events.HttpMatch;
import dev.aviary.events.Percent;
import java.util.List;

/// How a service's traffic is to be split.
///
/// @param canary share of the live requests, or of those that match, that the canary answers
/// @param mirror share of the live requests copied to the canary
/// @param match  which requests `canary` is a share of; empty: all
public record Split(Percent canary, Percent mirror, List<HttpMatch> match) {
    public static final Split PRIMARY = new Split(Percent.ZERO, Percent.ZERO, List.of());

    public static Split of(Desired desired) {
        return new Split(desired.canary(), desired.mirror(), desired.match());
    }
}
