package dev.aviary.analyzer.judge;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.aviary.analyzer.Samples;
import dev.aviary.decisions.analysis.AnalysisDecider;
import dev.aviary.decisions.analysis.AnalysisState;
import dev.aviary.eventlog.codec.Json;
import dev.aviary.events.Count;
import dev.aviary.events.Count.PodCount;
import dev.aviary.events.Count.Side;
import dev.aviary.events.Policy;
import dev.aviary.events.RequestsCounted;
import dev.aviary.events.RolloutEvent;
import dev.aviary.events.ShadowSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/// An upgrade goes on with the state that the version before it has stored.
class StoreOfBeforeTest {
    private static final Instant NOON = Instant.parse("2026-01-01T12:00:00Z");

    /// What came later than the version before, by name.
    private static final List<String> LATER = List.of("pods", "clearing", "cleared");

    @Test
    void aRolloutUnderWayIsReadAndGoesOn() throws Exception {
        var spec = Samples.spec(Duration.ofSeconds(60), List.of(Samples.SUCCESS))
                .with(Optional.of(ShadowSpec.of(Policy.NONE)));
        var state = AnalysisState.NEW;
        for (var event : List.<RolloutEvent>of(Samples.started(spec), Samples.step(0), Samples.shifted(3, 0))) {
            state = AnalysisDecider.evolve(state, event, NOON);
        }
        state = look(state);
        JsonNode stored = Json.mapper().valueToTree(state);
        var run = (ObjectNode) stored.path("run");
        for (var of : List.of(
                run.path("guard"), run.path("shadow"), run.path("shadow").path("guard"))) {
            ((ObjectNode) of).remove(LATER);
        }
        run.path("guard").path("counted").forEach(one -> ((ObjectNode) one).remove(LATER));

        var before = Json.mapper().treeToValue(stored, AnalysisState.class);
        var next = look(before);

        assertThat(stored.toString())
                .isNotEqualTo(Json.mapper().valueToTree(state).toString());
        assertThat(next.run().orElseThrow().guard().counted()).hasSize(2);
        assertThat(next.run().orElseThrow().shadow()).isPresent();
    }

    private static AnalysisState look(AnalysisState state) {
        var guard = AnalysisDecider.wanted(state).guard().orElseThrow();
        var count = new Count.Counted(
                Count.Source.PODS,
                .01,
                "failed",
                Optional.empty(),
                List.of(new PodCount("checkout-1", "node", Side.CANARY, 0, 20)));
        return AnalysisDecider.evolve(
                state,
                new RequestsCounted(
                        guard.rollout(),
                        guard.step(),
                        guard.look(),
                        guard.question(),
                        new TreeMap<>(Map.of(Samples.SUCCESS.name(), count))),
                NOON.plusSeconds(1));
    }
}
