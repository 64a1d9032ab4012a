package dev.aviary.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AviaryTest {
    @ParameterizedTest
    @ValueSource(strings = {"--version", "demo --version", "bench rollback --version", "abort -V"})
    void eachCommandSaysWhichVersionItIs(String words) {
        assertThat(said(0, words)).startsWith("aviary ");
    }

    @Test
    void whoeverAsksForHelpSeesEachVerb() {
        assertThat(said(0, "help")).contains("demo", "up", "audit", "replay", "backtest", "pause", "abort", "help");
        assertThat(said(0, "help replay")).contains("aviary replay", "--rollout");
        assertThat(said(0, "replay --help")).contains("aviary replay", "--rollout");
    }

    @Test
    void aVerbThatIsAlmostRightIsAnsweredWithTheRightOne() {
        assertThat(said(2, "replai shop/checkout")).contains("replay");
    }

    private static String said(int status, String text) {
        var said = new StringWriter();
        var words = text.split(" ");
        var aviary = Aviary.commandLine(words).setOut(new PrintWriter(said)).setErr(new PrintWriter(said));

        assertThat(aviary.execute(words)).isEqualTo(status);
        return said.toString();
    }
}
