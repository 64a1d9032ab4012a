package dev.aviary.events;

import java.util.List;

/// How a revision gets its traffic.
///
/// @see <a href="https://docs.flagger.app/usage/deployment-strategies">Flagger: deployment strategies</a>
public sealed interface Strategy {
    /// A growing share of the live traffic.
    ///
    /// @param weights   the canary's at each step, growing, at least one
    /// @param promotion share that the primary gains at each step of the promotion; zero: all at once
    @WireType("canary")
    record Progressive(List<Percent> weights, Percent promotion) implements Strategy {}

    /// No live traffic until the checks have passed, then all of it.
    @WireType("blue-green")
    record BlueGreen(int iterations) implements Strategy {}

    /// All requests that match, until the checks have passed.
    @WireType("ab-testing")
    record AbTesting(int iterations, List<HttpMatch> match) implements Strategy {}
}
