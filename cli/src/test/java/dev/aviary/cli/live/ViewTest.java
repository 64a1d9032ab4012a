package dev.aviary.cli.live;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class ViewTest {
    /// Lines have no end: a picture as wide as they are would fill the memory.
    @Test
    void whereNobodySeesItNothingIsDrawn() {
        var out = new ByteArrayOutputStream();
        var view = new View(new Screen.Lines(new PrintStream(out)), () -> Instant.EPOCH);
        new Rollout(view::hear).initialized().released();

        view.close();

        assertThat(out.size()).isZero();
    }
}
