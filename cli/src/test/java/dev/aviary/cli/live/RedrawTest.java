package dev.aviary.cli.live;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

/// What a terminal shows in the end, by a small one that obeys what it is sent.
class RedrawTest {
    private final Screenful terminal = new Screenful();

    @Test
    void theLowestLinesAreReplaced() {
        terminal.obeys(new Redraw(0).of(List.of(), List.of("step 1", "5 %")));
        terminal.obeys(new Redraw(2).of(List.of(), List.of("step 2", "10 %")));

        assertThat(terminal.lines).containsExactly("step 2", "10 %");
    }

    @Test
    void whatIsToldStandsAboveThemForGood() {
        terminal.obeys(new Redraw(0).of(List.of(), List.of("step 1", "5 %")));
        terminal.obeys(new Redraw(2).of(List.of("a check passed"), List.of("step 1", "5 %")));
        terminal.obeys(new Redraw(2).of(List.of(), List.of("step 2", "10 %")));

        assertThat(terminal.lines).containsExactly("a check passed", "step 2", "10 %");
    }

    @Test
    void ofAPictureThatWasLargerNothingStays() {
        terminal.obeys(new Redraw(0).of(List.of(), List.of("a long line", "another", "a third")));
        terminal.obeys(new Redraw(3).of(List.of(), List.of("short")));

        assertThat(terminal.lines).containsExactly("short");
    }

    /// Knows the few sequences that are sent, and fails at any other.
    private static final class Screenful {
        private final List<String> lines = new java.util.ArrayList<>();
        private int row;

        void obeys(String sent) {
            int at = 0;
            while (at < sent.length()) {
                char next = sent.charAt(at);
                if (next == '\u001b') {
                    int end = at + 2;
                    while (!Character.isLetter(sent.charAt(end))) {
                        end++;
                    }
                    sequence(sent.substring(at + 2, end + 1));
                    at = end + 1;
                } else if (next == '\n') {
                    row++;
                    at++;
                } else if (next == '\r') {
                    at++;
                } else {
                    int end = at;
                    while (sent.charAt(end) >= ' ') {
                        end++;
                    }
                    put(sent.substring(at, end));
                    at = end;
                }
            }
        }

        /// A shorter text leaves the end of a longer one, until the line is cleared.
        private void put(String text) {
            while (lines.size() <= row) {
                lines.add("");
            }
            var before = lines.get(row);
            lines.set(row, text + (before.length() > text.length() ? before.substring(text.length()) : ""));
            written = text.length();
        }

        private int written;

        private void sequence(String one) {
            switch (one) {
                case "?25l", "?2026h", "?2026l" -> {}
                case "K" -> lines.set(row, lines.get(row).substring(0, written));
                case "J" -> {
                    while (lines.size() > row) {
                        lines.removeLast();
                    }
                }
                default -> {
                    assertThat(one).matches("\\d+A");
                    row -= Integer.parseInt(one.substring(0, one.length() - 1));
                }
            }
        }
    }
}
