package dev.aviary.examples.smschecker;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

class SpamFilterTest {
    private final SpamFilter filter = SpamFilter.trained();

    @Test
    void knowsMessagesThatItHasNotLearned() throws IOException {
        var heldOut = heldOut();

        assertThat(heldOut).hasSize(24).filteredOn(SpamFilterTest::isSpam).hasSize(12);
        assertThat(heldOut).noneMatch(learned()::contains);
        assertThat(heldOut)
                .filteredOn(line ->
                        filter.predict(line.substring(line.indexOf('\t') + 1)).isSpam() == isSpam(line))
                .hasSizeGreaterThanOrEqualTo(22); // 11 of 12
    }

    @Test
    void theProbabilityIsNoConstant() throws IOException {
        assertThat(heldOut())
                .extracting(line -> filter.predict(line).spamProbability())
                .doesNotHaveDuplicates()
                .allSatisfy(probability -> assertThat(probability).isBetween(0.0, 1.0));
    }

    @Test
    void aLinkIsALinkWhereverItLeads() {
        assertThat(filter.predict("look at http://never-seen-before.example/x").spamProbability())
                .isGreaterThan(filter.predict("look at it").spamProbability());
    }

    @Test
    void withoutAnyWordOnlyTheShareOfSpamSpeaks() {
        assertThat(filter.predict("!!!").spamProbability()).isEqualTo(0.5);
    }

    private static boolean isSpam(String line) {
        return line.startsWith("spam\t");
    }

    private static List<String> heldOut() throws IOException {
        return lines("held-out.tsv");
    }

    private static List<String> learned() throws IOException {
        return lines("messages.tsv");
    }

    private static List<String> lines(String resource) throws IOException {
        try (var in = SpamFilterTest.class.getResourceAsStream(resource)) {
            return new String(in.readAllBytes(), UTF_8).lines().toList();
        }
    }
}
