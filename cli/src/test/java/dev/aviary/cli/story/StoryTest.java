package dev.aviary.cli.story;

import static org.assertj.core.api.Assertions.assertThat;

import dev.aviary.events.CheckCompleted;
import dev.aviary.events.GuardTripped;
import dev.aviary.events.RolloutId;
import dev.aviary.events.Verdict;
import java.util.List;
import org.junit.jupiter.api.Test;

class StoryTest {
    private static final RolloutId ROLLOUT = new RolloutId(3, "v1:9f2c");
    private static final String SENTENCE = "p99: 23 of 41 requests took longer than 500 ms, where 1 in 100 may";

    @Test
    void theAuditTellsTheSentenceOfEveryCheckAndOfTheGuard() {
        for (var verdict : Verdict.values()) {
            assertThat(Story.line(new CheckCompleted(ROLLOUT, 0, 2, verdict, List.of(), List.of(SENTENCE))))
                    .hasValue("check %s: %s".formatted(verdict, SENTENCE));
        }
        assertThat(Story.line(new GuardTripped(ROLLOUT, 0, 4, "p99", 9, 0.001, SENTENCE)))
                .hasValue("guard tripped: " + SENTENCE);
    }

    @Test
    void aCheckOfACanaryWithoutMetricsSaysSo() {
        assertThat(Story.line(new CheckCompleted(ROLLOUT, 0, 2, Verdict.PASSED, List.of(), List.of())))
                .hasValue("check PASSED: no metric to check");
    }
}
