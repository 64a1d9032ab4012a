package dev.aviary.cli.backtest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.aviary.cli.Problem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PolicyFileTest {
    @TempDir
    private Path folder;

    @Test
    void yamlAndJsonSayTheSame() throws IOException {
        assertThat(PolicyFile.read(file("threshold: 3\nguard:\n  mode: off\n")))
                .isEqualTo(PolicyFile.read(file("{\"threshold\": 3, \"guard\": {\"mode\": \"off\"}}")));
    }

    @Test
    void whatCantBeReadIsOneSentence() throws IOException {
        assertThatThrownBy(() -> PolicyFile.read(file("treshold: 3")))
                .isInstanceOf(Problem.class)
                .hasMessageEndingWith(
                        "policy.yaml: the policy has no field \"treshold\"; known: guard, iterations, metrics, steps,"
                                + " threshold.");
        assertThatThrownBy(() -> PolicyFile.read(file("a: [1\nb: 2")))
                .isInstanceOf(Problem.class)
                .hasMessageMatching(".*policy.yaml, line \\d: this isn't YAML.");
        assertThatThrownBy(() -> PolicyFile.read(folder.resolve("none.yaml")))
                .isInstanceOf(Problem.class)
                .hasMessageEndingWith("none.yaml can't be read.");
        assertThatThrownBy(() -> PolicyFile.read(file("")))
                .isInstanceOf(Problem.class)
                .hasMessageEndingWith("policy.yaml is empty: a policy says what it changes.");
    }

    private Path file(String text) throws IOException {
        return Files.writeString(folder.resolve("policy.yaml"), text);
    }
}
