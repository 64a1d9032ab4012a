package dev.aviary.cli.live;

import java.util.List;

/// What a terminal is sent so that its lowest lines are drawn anew, and what is told stands above them for good.
///
/// @param drawn lines that stand there now
record Redraw(int drawn) {
    static final String HIDE = "\u001b[?25l";
    static final String SHOW = "\u001b[?25h";

    /// Drawn at once, where the terminal knows "synchronized output".
    private static final String BEGIN = "\u001b[?2026h";

    private static final String END = "\u001b[?2026l";
    private static final String CLEAR_LINE = "\u001b[K";
    private static final String CLEAR_BELOW = "\u001b[J";

    /// @param told  lines of any length
    /// @param lines each shorter than the terminal is wide, fewer than it is high
    String of(List<String> told, List<String> lines) {
        var out = new StringBuilder(BEGIN).append(HIDE);
        if (drawn > 0) {
            out.append("\u001b[%dA".formatted(drawn));
        }
        out.append('\r');
        if (!told.isEmpty()) {
            out.append(CLEAR_BELOW); // a long line may run over more of them
        }
        told.forEach(line -> out.append(line).append('\n'));
        lines.forEach(line -> out.append(line).append(CLEAR_LINE).append('\n'));
        return out.append(CLEAR_BELOW).append(END).toString();
    }
}
