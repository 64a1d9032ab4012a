package dev.aviary.cli.live;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class PanelTest {
    private final Rollout rollout = new Rollout(_ -> {}).initialized();

    @Test
    void aCanaryWithoutARelease() {
        assertThat(text()).isEqualTo("""
                ─── shop/checkout  Initialized ────────────────────────────────────────────────
                 shop:v1
                 canary    ░░░░░░░░░░░░░░░░░░░░░░░░░░░░     0 %
                 primary   ████████████████████████████   100 %
                """);
    }

    @Test
    void aStepUnderWayWithWhatTheGuardKnows() {
        rollout.released().looked(0, 5).looked(0, 5).looked(1, 6);

        assertThat(text()).isEqualTo("""
                ─── shop/checkout  Progressing ──────────────────────────── rollout 1 · 5 s ───
                 shop:v1 → shop:v2                           failed checks 0 of 2 · next in 7 s
                 steps     ▶ 5 % ─ 10 % ─ 50 % ─ primary
                 canary    █░░░░░░░░░░░░░░░░░░░░░░░░░░░     5 %       5.5 requests/s
                 primary   ███████████████████████████░    95 %      95.0 requests/s
                 guard         canary            primary           evidence of harm
                 p99           1/11 9.1 %        2/280 0.7 %       █░░░░░░░░░░░ 8 %
                 queue         its value alone is checked
                 success-rate  0/11 0 %          2/280 0.7 %       ░░░░░░░░░░░░ 0 %
                """);
    }

    @Test
    void aReleaseThatIsBeingTakenBack() {
        rollout.released().looked(0, 5).looked(0, 5).looked(1, 6).looked(5, 5);

        assertThat(text()).isEqualTo("""
                ─── shop/checkout  Progressing, going back ──────────────── rollout 1 · 6 s ───
                 shop:v1 → shop:v2                                         failed checks 0 of 2
                 steps     ✗ 5 % ─ 10 % ─ 50 % ─ primary
                 canary    █░░░░░░░░░░░░░░░░░░░░░░░░░░░     5 %
                 primary   ███████████████████████████░    95 %
                 guard         canary            primary           evidence of harm
                 p99           6/16 37.5 %       3/375 0.8 %       ████████████ proven
                 queue         its value alone is checked
                 success-rate  0/16 0 %          3/375 0.8 %       ░░░░░░░░░░░░ 0 %
                 p99: 6 of 16 requests took longer than 500 ms, where 1 in 100 may: proven 1.0
                 s after the first one; chance of a false alarm at most 0.1 %
                """);
        assertThat(rollout.shifted("0").panel().getFirst()).contains("Failed");
    }

    @Test
    void theSecondStep() {
        rollout.released().looked(0, 5).pass(9).checked().shifted("10");

        assertThat(text()).isEqualTo("""
                ─── shop/checkout  Progressing ─────────────────────────── rollout 1 · 12 s ───
                 shop:v1 → shop:v2                          failed checks 0 of 2 · next in 10 s
                 steps     ✓ 5 % ─ ▶ 10 % ─ 50 % ─ primary
                 canary    ███░░░░░░░░░░░░░░░░░░░░░░░░░    10 %
                 primary   █████████████████████████░░░    90 %
                 guard         canary            primary           evidence of harm
                 p99           no requests to judge yet
                 queue         its value alone is checked
                 success-rate  no requests to judge yet
                """);
    }

    @Test
    void noLineIsWiderThanItMayBe() {
        rollout.released().looked(0, 5).looked(1, 6).looked(5, 5);

        for (int width = 1; width < 100; width++) {
            int most = width;
            assertThat(Panel.lines(rollout.seen, rollout.now, width, Glyphs.UNICODE))
                    .allSatisfy(line -> assertThat(line.length()).isLessThanOrEqualTo(most));
        }
    }

    @Test
    void ofManyStepsThoseAboutTheOneUnderWayAreShown() {
        rollout.released().looked(0, 5).pass(9).checked().shifted("10");

        assertThat(Panel.lines(rollout.seen, rollout.now, 40, Glyphs.UNICODE).get(2))
                .isEqualTo(" steps     … ─ ▶ 10 % ─ 50 % ─ primary");
    }

    @Test
    void aTerminalWithoutUnicodeGetsAscii() {
        rollout.released().looked(0, 5).looked(1, 6).looked(5, 5);

        assertThat(Panel.lines(rollout.seen, rollout.now, 79, Glyphs.ASCII))
                .allSatisfy(line -> assertThat(line).matches("[ -~]*"));
    }

    private String text() {
        return String.join("\n", rollout.panel()) + "\n";
    }
}
