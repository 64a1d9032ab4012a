package dev.aviary.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class VersionTest {
    @ParameterizedTest
    @ValueSource(strings = {"--version", "demo --version", "bench rollback --version", "abort -V"})
    void eachCommandSaysWhichVersionItIs(String words) {
        var said = new StringWriter();

        int status = Aviary.commandLine().setOut(new PrintWriter(said)).execute(words.split(" "));

        assertThat(status).isZero();
        assertThat(said.toString()).startsWith("aviary ");
    }
}
